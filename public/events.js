// What the library throws, what it fires, and a room's messages one after the other.

/** An error with a code for programs and a sentence for people. */
export class BeckonError extends Error {
  /**
   * @param {string} code stable
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = 'BeckonError';
    this.code = code;
  }
}

/** An event whose facts are its own fields. */
export class BeckonEvent extends Event {
  /**
   * @param {string} type
   * @param {object} [facts]
   */
  constructor(type, facts) {
    super(type);
    Object.assign(this, facts);
  }
}

/**
 * A room's messages from now on, until it is closed.
 * @param {import('./beckon.js').Room} room
 */
export async function* messages(room) {
  /** @type {{ from: import('./face.js').Peer, data: import('./frame.js').Data }[]} */
  const waiting = [];
  let wake = () => {};
  const listening = new AbortController();
  const notice = (/** @type {any} */ event) => {
    if (event.type === 'message') waiting.push({ from: event.from, data: event.data });
    wake();
  };
  room.addEventListener('message', notice, { signal: listening.signal });
  room.addEventListener('state', notice, { signal: listening.signal });
  try {
    for (;;) {
      for (let next = waiting.shift(); next; next = waiting.shift()) yield next;
      if (room.state === 'closed') return;
      await new Promise((resolve) => (wake = () => resolve(undefined)));
    }
  } finally {
    listening.abort();
  }
}
