// Stands before Beckon in the flood, where Cloudflare would: the limits by network address of wrangler.toml, which plain workerd has
// not, as fixed windows.
import Beckon, { Room } from "./entry.js";

export { Room };

const windows = new Map();

/** As the binding is called. */
const limiter = ({ namespace, limit, period }) => ({
  async limit({ key }) {
    const name = `${namespace} ${Math.floor(Date.now() / (period * 1000))} ${key}`;
    const count = (windows.get(name) ?? 0) + 1;
    windows.set(name, count);
    return { success: count <= limit };
  },
});

export default {
  fetch(request, env, ctx) {
    const limits = Object.entries(JSON.parse(env.LIMITS)).map(([name, simple]) => [name, limiter({ namespace: name, ...simple })]);
    return new Beckon(ctx, { ...env, ...Object.fromEntries(limits) }).fetch(request);
  },
};
