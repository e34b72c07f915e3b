// What leaves an object: frames for its sockets, and what its hooks are told.

/** Sends an object's frames in their order. It holds what is to be sent together, for Rust's memory may not last. */
export class FrameSender {
  #held = [];
  #timer;
  #told = [];
  /** The tags of each new socket: what it is to remember of the object. @type {string[]} */
  tags = [];

  send(socket, frame, atOnce) {
    if (atOnce && !this.#held.length) return deliver(socket, frame);
    this.#timer ??= scheduler.wait(0).then(this.#due, this.#due);
    this.#held.push([socket, frame]);
  }

  #due = () => {
    this.#timer = undefined;
    this.flush();
  };

  flush() {
    if (this.#held.length) for (const [socket, frame] of this.#held.splice(0)) deliver(socket, frame);
  }

  /** Notes what a hook is to be told. */
  tell(hook, peer, text) {
    this.#told.push([hook, peer, text]);
  }

  /** What hooks are to be told, in its order. */
  takeTold() {
    return this.#told.length ? this.#told.splice(0) : this.#told;
  }
}

function deliver(socket, frame) {
  try {
    socket.send(frame);
  } catch {
    // It is about to be reported closed: no fault of ours.
  }
}
