// Shows what a data channel is, with real messages: they go to the other device, whose page sends each back as it came.
import { openLimit } from "../shared/rate-limit.js";

/** Begins the label of a channel whose messages want to come back. */
const LABEL = "beckon demonstration";
/** How long a channel may take to open, and the last message to come back, in ms. */
const PATIENCE_MS = 5_000;
/** Of different lengths, so that seams would show: 1 to 41 characters. On a good network none is lost. */
const WORDS = Array.from({ length: 24 }, (_, n) => `${n + 1}${".".repeat((n * 7) % 40)}`);

/** @type {[string, RTCDataChannelInit][]} */
const KINDS = [
  ["ordered, reliable", {}],
  ["unordered, reliable", { ordered: false }],
  ["ordered, may be lost", { maxRetransmits: 0 }],
  ["unordered, may be lost", { ordered: false, maxRetransmits: 0 }],
];

/** How many messages of one device are sent back at once, how many a second in the long run, and how long each may be, in characters. */
const ANSWERS = 4 * KINDS.length * WORDS.length;
const ANSWERS_PER_SECOND = KINDS.length * WORDS.length;
const MAX_CHARS = 64;

/** @typedef {{ kind: string, sent: number, back: number, whole: boolean, late: number }} Shown `late`: how many came after one sent later */

/** @type {WeakSet<RTCPeerConnection>} */
const answered = new WeakSet();

/**
 * Answers the other device's demonstrations.
 * @param {RTCPeerConnection} pc
 */
export function answer(pc) {
  if (answered.has(pc)) return;
  answered.add(pc);
  const may = openLimit(ANSWERS, ANSWERS_PER_SECOND);
  pc.addEventListener("datachannel", ({ channel }) => {
    if (channel.label !== LABEL) return;
    channel.onmessage = ({ data }) => {
      if (typeof data === "string" && data.length <= MAX_CHARS && channel.readyState === "open" && may()) channel.send(data);
    };
  });
}

/**
 * @param {RTCPeerConnection} pc
 * @returns {AsyncGenerator<Shown>} one for each kind of channel
 */
export async function* demonstrate(pc) {
  for (const [kind, options] of KINDS) {
    const channel = pc.createDataChannel(LABEL, options);
    const back = await roundTrip(channel);
    channel.close();
    const numbers = back.map((word) => Number.parseInt(word, 10));
    const late = numbers.filter((number, at) => numbers.slice(0, at).some((earlier) => earlier > number)).length;
    yield { kind, sent: WORDS.length, back: back.length, whole: back.every((word) => WORDS.includes(word)), late };
  }
}

/**
 * @param {RTCDataChannel} channel
 * @returns {Promise<string[]>} what came back, in the order in which it came
 */
function roundTrip(channel) {
  return new Promise((resolve) => {
    /** @type {string[]} */
    const back = [];
    const done = () => resolve(back);
    let timer = setTimeout(done, PATIENCE_MS);
    channel.onopen = () => WORDS.forEach((word) => channel.send(word));
    channel.onclose = done;
    channel.onmessage = ({ data }) => {
      if (back.length === WORDS.length) return;
      if (back.push(String(data).slice(0, MAX_CHARS)) === WORDS.length) done();
      clearTimeout(timer);
      timer = setTimeout(done, 1_000); // what may be lost does not come later
    };
  });
}
