// How often one network may ask for something: the rate limiters of wrangler.toml.

/** Whether a limiter lets a key through once more. Where there is no limiter, or where it fails, it does: a limiter is there to save money, not to keep people apart. */
export async function allows(env, name, key) {
  const limiter = env[name];
  if (!limiter) return true;
  try {
    return (await limiter.limit({ key })).success;
  } catch (error) {
    console.error(JSON.stringify({ fault: `${name} does not answer`, error: String(error) }));
    return true;
  }
}
