// Runs in workerd (`workerd test`) as the image's health check: there is no shell in it, and no Node.js. It asks the server whether it is well,
// and removes files of objects that keep nothing, as sweep.js does where Node.js serves.

/** Where workerd keeps objects (beckon.capnp names the class). */
const FOLDER = "http://data/Room/";
/** The size of a database that holds nothing, in bytes: one page. */
const EMPTY_BYTES = 4096;
/** What was asked for since may still be in use, in ms; what is open has a log beside it. */
const REST_MS = 600_000;
/** SQLite's file format, 1.6: where the first page says how many cells its schema has. */
const CELLS_AT = 103;

export default {
  /** @param {unknown} _ @param {{ data: { fetch: typeof fetch } }} env */
  async test(_, { data }) {
    const answer = await fetch("http://127.0.0.1:8787/health");
    // Where BASE_PATH moves it, that there is an answer has to do.
    if (answer.status >= 500) throw new Error(await answer.text());
    await answer.body?.cancel();

    const listed = await data.fetch(FOLDER);
    if (!listed.ok) return; // no object yet
    /** @type {{ name: string }[]} */
    const all = await listed.json();
    const names = new Set(all.map(({ name }) => name));
    for (const name of names) {
      if (!/^[0-9a-f]{64}\.sqlite$/.test(name) || names.has(`${name}-wal`) || names.has(`${name}-shm`)) continue;
      const file = await data.fetch(FOLDER + name);
      const age = Date.now() - Date.parse(file.headers.get("Last-Modified") ?? "");
      const isSmall = Number(file.headers.get("Content-Length")) === EMPTY_BYTES;
      const page = isSmall && age > REST_MS ? new DataView(await file.arrayBuffer()) : null;
      if (!page) await file.body?.cancel();
      else if (page.getUint16(CELLS_AT) === 0) await data.fetch(FOLDER + name, { method: "DELETE" });
    }
  },
};
