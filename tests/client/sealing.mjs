// What the library seals, signs and opens is worked out beside the test, by the engine, which may take longer for what came first. Here the
// results come in the order in which they were asked for, each with all that follows from it before the next: a schedule of chance
// happens again as it has happened.

const moment = () => new Promise((resolve) => setImmediate(resolve));

/** How much is being sealed or opened. */
let working = 0;
let last = Promise.resolve();
for (const name of ["generateKey", "exportKey", "encrypt", "decrypt", "sign", "verify", "digest", "importKey", "deriveBits", "deriveKey"]) {
  const work = crypto.subtle[name].bind(crypto.subtle);
  crypto.subtle[name] = (...what) => {
    working++;
    const before = last;
    const result = work(...what);
    result.catch(() => {}); // it may fail before its turn has come
    const inTurn = async () => {
      await before;
      await Promise.allSettled([result]);
      await moment();
      working--;
      return result;
    };
    const done = inTurn();
    last = done.then(
      () => {},
      () => {},
    );
    return done;
  };
}

/** Waits until nothing is being sealed or opened, and all that follows from it has happened. */
export async function quiet() {
  for (let still = 0; still < 3; still = working ? 0 : still + 1) await moment();
}
