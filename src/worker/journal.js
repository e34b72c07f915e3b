// Whom hooks were told of, in the object's storage. A deploy closes all sockets and nobody sees them close, and a crash loses what was about to be
// told: who was here is compared with who is, and hooks hear of the difference. It is kept only for objects that have a hook for the end.
import { report } from "./guard.js";
import { BITS } from "./hooks.js";

const { onConnect: CONNECT, onDisconnect: DISCONNECT, onMessage: MESSAGE } = BITS;
/** How somebody goes whose end nobody saw. */
const LOST = "lost";
/** The tables that Rust makes (src/worker/store.rs). */
const TABLES = ["waiting", "reserved", "named", "banned"];

/**
 * Something that a hook is told: its bit, the peer as JSON, and a text.
 * @typedef {[bit: number, peer: string, text: string]} Told
 */

export class Journal {
  #storage;
  /** Whether it has a table. Unknown until it is asked. @type {boolean | undefined} */
  #made;
  /** Who was told of as gone before the event that says so. @type {Set<string>} */
  #lost = new Set();

  /** @param {DurableObjectStorage} storage */
  constructor(storage) {
    this.#storage = storage;
    const { deleteAll } = storage;
    // Rust deletes all when it keeps nothing; it does not know of this.
    storage.deleteAll = (...how) => (this.#isEmpty() ? deleteAll.apply(storage, how) : this.#deleteRusts());
  }

  /**
   * Puts in order what hooks are told: nobody comes twice without going, and whoever is gone without a word is told of first.
   * @param {Told[]} told
   * @param {{ id: string }[] | undefined} here who is here now, where that is in doubt
   * @returns {Told[]}
   */
  settle(told, here) {
    if (!here && !told.some(([bit]) => bit !== MESSAGE)) return told;
    try {
      return this.#settled(told, here);
    } catch (error) {
      report("who came and went is not stored: after a deploy, hooks will not know")(error);
      return told;
    }
  }

  #settled(told, here) {
    /** @type {Told[]} */
    const settled = [];
    for (const [bit, peer, text] of told) {
      const { id } = JSON.parse(peer);
      if (bit === DISCONNECT && this.#lost.delete(id)) continue;
      const before = bit !== MESSAGE && this.#forget(id);
      if (bit === CONNECT) {
        this.#lost.delete(id);
        if (before) settled.push([DISCONNECT, before, LOST]);
        this.#note(id, peer);
      }
      settled.push([bit, peer, text]);
    }
    return here ? [...this.#missed(here), ...settled] : settled;
  }

  /** Who went without a word, and who came. @param {{ id: string }[]} here @returns {Told[]} */
  #missed(here) {
    const ids = new Set(here.map(({ id }) => id));
    const listed = this.#all();
    const known = new Set(listed.map(({ id }) => id));
    const gone = listed.filter(({ id }) => !ids.has(id));
    const come = here.filter(({ id }) => !known.has(id)).map((peer) => ({ id: peer.id, peer: JSON.stringify(peer) }));
    for (const { id, peer } of come) this.#note(id, peer); // where storage fails, nobody is forgotten yet
    for (const { id } of gone) {
      this.#forget(id);
      this.#lost.add(id);
    }
    return [...gone.map(({ peer }) => /** @type {Told} */ ([DISCONNECT, peer, LOST])), ...come.map(({ peer }) => /** @type {Told} */ ([CONNECT, peer, ""]))];
  }

  #exec(query, ...values) {
    return this.#storage.sql.exec(query, ...values).toArray();
  }

  #isMade() {
    return (this.#made ??= this.#exec("SELECT * FROM sqlite_master WHERE name = 'beckon_told'").length > 0);
  }

  #isEmpty() {
    return !this.#isMade() || !this.#exec("SELECT id FROM beckon_told LIMIT 1").length;
  }

  #all() {
    return this.#isMade() ? this.#exec("SELECT * FROM beckon_told") : [];
  }

  #note(id, peer) {
    if (!this.#isMade()) this.#exec("CREATE TABLE beckon_told (id TEXT PRIMARY KEY, peer TEXT)");
    this.#made = true;
    this.#exec("INSERT INTO beckon_told VALUES (?, ?)", id, peer);
  }

  /** Deletes somebody, and gives who it was. An empty table goes: an object that keeps nothing is to leave nothing. */
  #forget(id) {
    const [row] = this.#isMade() ? this.#exec("DELETE FROM beckon_told WHERE id = ? RETURNING peer", id) : [];
    if (row && this.#isEmpty()) {
      this.#exec("DROP TABLE beckon_told");
      this.#made = false;
    }
    return row?.peer;
  }

  #deleteRusts() {
    for (const name of TABLES) this.#exec(`DROP TABLE IF EXISTS ${name}`);
    return this.#storage.deleteAlarm();
  }
}
