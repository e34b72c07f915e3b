// Beckon's Worker is in the package, built. What you add to `fetch` is asked first, unless a file of the pages is.
import Beckon, { Room } from "beckon/worker/entry.js";

export { Room };
export default class extends Beckon {}
