// Requests to one peer, and its requests to us. They travel as messages do: kept until they are confirmed, each delivered once, over as many connections
// as that takes. It comes with extras.js.
//
// A frame is the kind byte and the two numbers that every message has, then the length of a head in one byte, the head as JSON, and for a value the
// kind byte and the content of a message. The heads:
//
//   { ask, page }    a request by that name, to one page load: the next one would not know whether the last has begun to work on it
//   { answer, how }  what became of it: `value` (it follows), `nothing` (there is none), `no-handler`, `failed`, or `left` (it was for an earlier page load)
//
// A frame whose head is empty is one that was taken back.
import { ASKING, HEADER, pack, unpack } from "./frame.js";
import { hex } from "./seal.js";

/** This many requests to one peer may wait for their answers, and so many bytes of them. */
const MAX_ASKED = 64;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/**
 * This many requests of one peer may be worked on here, or have answers that it has not confirmed, and so many bytes of both. It is twice what it may
 * ask: it asks again before its confirmation comes. The others are refused.
 */
const MAX_TAKEN = 2 * MAX_ASKED;
const MAX_TAKEN_BYTES = 2 * MAX_WAITING_BYTES;
/** Longest name of a request, in characters. */
const MAX_NAME = 64;
/** A name has so many bytes of chance. */
const NAME_BYTES = 8;

/** @typedef {{ ask?: unknown, page?: unknown, answer?: unknown, how?: unknown }} Head from the other side: it may be nonsense */

const SENTENCES = {
  closed: "The room was closed before the answer came",
  failed: "The request could not be answered",
  left: "It left before it answered",
  "no-handler": "Nobody answers requests there",
};

/**
 * @param {object} options
 * @param {{ readonly state: string, onrequest: ((value: any, peer: any) => unknown) | null }} options.room
 * @param {EventTarget & { readonly state: string }} options.peer
 * @param {string} options.page our page load
 * @param {() => [Record<string, unknown>?, string?]} options.card what it has said of itself beside its name, and its page load
 * @param {(frame: Uint8Array<ArrayBuffer>) => Promise<void>} options.send
 * @param {typeof import('./events.js').BeckonError} options.BeckonError
 */
export function openAsking({ room, peer, page, card, send, BeckonError }) {
  /** Our requests that have no answer yet. @type {Map<string, { to?: string, size: number, go: () => void, end: (how: unknown, value?: any) => void }>} */
  const asked = new Map();
  /** Theirs that are not over, in number and bytes. */
  const taken = { count: 0, bytes: 0 };
  /** How many of theirs were refused and have not heard so yet. */
  let refusals = 0;

  // The room says that it is closed a moment after its peers have left.
  peer.addEventListener("state", async () => {
    await null;
    if (peer.state === "left") for (const { end } of [...asked.values()]) end("left");
  });

  /**
   * @param {Uint8Array<ArrayBuffer>} packed the value
   * @param {AbortSignal} over when it has taken too long; that is said elsewhere
   * @param {AbortSignal} [signal]
   */
  function ask(packed, over, signal) {
    return new Promise((resolve, reject) => {
      const bytes = [...asked.values()].reduce((sum, { size }) => sum + size, packed.length);
      if (asked.size >= MAX_ASKED || bytes > MAX_WAITING_BYTES) return reject(new BeckonError("too-much", "Too many requests wait for their answers"));
      const name = hex(crypto.getRandomValues(new Uint8Array(NAME_BYTES)).buffer).join("");
      const listening = new AbortController();
      /** @type {Uint8Array<ArrayBuffer> | undefined} */
      let frame;

      /** Nothing more happens to it. @returns {boolean} whether anything could */
      function settle() {
        listening.abort();
        if (frame) takeBack(frame);
        return asked.delete(name);
      }

      /** @param {unknown} how from the other side, mostly: it may be nonsense @param {any} [value] */
      function end(how, value) {
        if (!settle()) return;
        if (how === "value" || how === "nothing") return resolve(value);
        const why = how === "left" && room.state === "closed" ? "closed" : /^(left|no-handler)$/.test(String(how)) ? String(how) : "failed";
        reject(new BeckonError(why, SENTENCES[/** @type {keyof typeof SENTENCES} */ (why)]));
      }
      const fail = (/** @type {unknown} */ why) => void (settle() && reject(why));
      const question = { size: packed.length, end, go, to: /** @type {string | undefined} */ (undefined) };
      asked.set(name, question);

      /** The app does not want it any more. Older browsers do not keep its reason. */
      const abort = () => fail(signal?.reason ?? new DOMException("The request was aborted", "AbortError"));

      /** As soon as it is known whom it is for. */
      function go() {
        const [more, epoch = ""] = card();
        if (!more) return;
        if (!("turn" in more)) return end("no-handler");
        question.to = epoch;
        frame = wrap({ ask: name, page: epoch }, packed);
        send(frame).catch(fail);
      }

      over.addEventListener("abort", settle, { signal: listening.signal });
      signal?.addEventListener("abort", abort, { signal: listening.signal });
      if (over.aborted)
        settle(); // while this module came
      else if (signal?.aborted) abort();
      else if (peer.state === "left") end("left");
      else go();
    });
  }

  /** @param {object} head @param {Uint8Array<ArrayBuffer>} [packed] */
  const reply = async (head, packed) => peer.state !== "left" && send(wrap(head, packed));

  /** @param {string} name @param {Uint8Array<ArrayBuffer>} content */
  async function answer(name, content) {
    const size = content.length;
    if (peer.state === "left") return; // while this module came
    if (taken.count >= MAX_TAKEN || taken.bytes + size > MAX_TAKEN_BYTES) {
      if (refusals >= MAX_TAKEN) return; // it does not even confirm that it is refused
      refusals++;
      return reply({ answer: name, how: "failed" }).finally(() => refusals--);
    }
    taken.count++;
    taken.bytes += size;
    let more = 0;
    try {
      const { head, packed } = await worked(name, content);
      more = packed?.length ?? 0;
      taken.bytes += more;
      // What cannot go now, or not to that browser, has an answer all the same.
      await reply(head, packed).catch(() => reply({ answer: name, how: "failed" }));
    } finally {
      taken.count--;
      taken.bytes -= size + more;
    }
  }

  /** @param {string} name @param {Uint8Array<ArrayBuffer>} content */
  async function worked(name, content) {
    const handler = room.onrequest;
    if (typeof handler !== "function") return { head: { answer: name, how: "no-handler" } };
    const value = messageIn(content);
    if (!value) return { head: { answer: name, how: "failed" } };
    try {
      const result = await handler.call(room, value.data, peer);
      if (result === undefined) return { head: { answer: name, how: "nothing" } };
      return { head: { answer: name, how: "value" }, packed: pack(result, false, true) };
    } catch (error) {
      console.error("beckon: onrequest failed:", error); // the other side is told only that it failed
      return { head: { answer: name, how: "failed" } };
    }
  }

  return {
    ask,

    /** @param {Uint8Array<ArrayBuffer>} frame from the other side: it may be nonsense */
    take(frame) {
      const { head, content } = unwrap(frame);
      if (typeof head.ask === "string" && head.ask.length <= MAX_NAME) {
        const done = head.page === page ? answer(head.ask, content) : reply({ answer: head.ask, how: "left" });
        done.catch(() => {}); // it has left
      } else if (head.answer !== undefined) {
        const value = head.how === "value" ? messageIn(content) : { data: undefined };
        asked.get(String(head.answer))?.end(value ? head.how : "failed", value?.data);
      }
    },

    /** It has said what it is, and is in this page load now: what was asked of an earlier one has no answer. @param {string} epoch */
    met(epoch) {
      for (const { to, end, go } of [...asked.values()]) {
        if (to === undefined) go();
        else if (to !== epoch) end("left");
      }
    },
  };
}

/** A frame without its numbers. @param {object} head @param {Uint8Array<ArrayBuffer>} [packed] a message */
function wrap(head, packed) {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const content = packed ? [packed.subarray(0, 1), packed.subarray(HEADER)] : [];
  const parts = [[ASKING], new Uint8Array(HEADER - 1), [text.length], text, ...content];
  const frame = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** @param {Uint8Array<ArrayBuffer>} frame from the other side: it may be nonsense @returns {{ head: Head, content: Uint8Array<ArrayBuffer> }} */
function unwrap(frame) {
  const end = HEADER + 1 + (frame[HEADER] ?? 0);
  const content = frame.subarray(end);
  try {
    return { head: JSON.parse(new TextDecoder().decode(frame.subarray(HEADER + 1, end))) ?? {}, content };
  } catch {
    return { head: {}, content };
  }
}

/** It may be on its way already. What is not, says nothing any more. @param {Uint8Array} frame */
function takeBack(frame) {
  frame[HEADER] = 0;
}

/** A value as a frame carries it: the kind of a message, and its content. @param {Uint8Array<ArrayBuffer>} content @returns {{ data: any } | null} */
function messageIn(content) {
  const frame = new Uint8Array(HEADER + Math.max(0, content.length - 1));
  frame.set(content.subarray(1), HEADER);
  frame[0] = content[0] ?? 0;
  const message = unpack(frame.buffer);
  return message && !message.loose && !(message.data instanceof Uint8Array) ? message : null;
}
