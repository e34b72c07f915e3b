// A short tone and a nudge to the hand when someone says hello, as far as the browser allows.

/** @type {AudioContext | null} */
let audio = null;

/** Browsers stay silent until the person has touched the page: called on the first gesture. */
export function unlock() {
  audio ??= "AudioContext" in globalThis ? new AudioContext() : null;
  audio?.resume();
}

export function ring() {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([60, 60, 60]);
  if (audio?.state !== "running") return;
  note(audio, 659.25, 0); // E5, then A5: a fourth up, the interval of a call
  note(audio, 880, 0.12);
}

/**
 * @param {AudioContext} context
 * @param {number} pitch in Hz
 * @param {number} delay in seconds
 */
function note(context, pitch, delay) {
  const start = context.currentTime + delay;
  const tone = new OscillatorNode(context, { frequency: pitch, type: "triangle" });
  const loudness = new GainNode(context, { gain: 0 });
  loudness.gain.setValueAtTime(0.0001, start);
  loudness.gain.exponentialRampToValueAtTime(0.2, start + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
  tone.connect(loudness).connect(context.destination);
  tone.start(start);
  tone.stop(start + 0.32);
}
