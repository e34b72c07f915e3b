import { isDeepStrictEqual } from "node:util";
import { differences } from "./intended.mjs";

/** The intended difference that covers a rule in a mode, with what Beckon must then do. */
export function intendedFor(name, mode, list = differences) {
  for (const difference of list) {
    const here = difference.rules[name];
    if (here && (!difference.modes || difference.modes.includes(mode))) return { difference, expected: here.beckon };
  }
  return undefined;
}

/**
 * Whether Beckon keeps a rule: it does what PeerServer does, or exactly what `intended.mjs` says it does instead.
 * @returns {string | undefined}  what is wrong
 */
export function judge(name, mode, peerServer, beckon, list = differences) {
  if (peerServer.error) return `the rule breaks on PeerServer itself: ${peerServer.error.message}`;
  if (beckon.error) return `the rule breaks on Beckon: ${beckon.error.message}\nPeerServer: ${show(peerServer.value)}`;
  const intended = intendedFor(name, mode, list);
  const same = isDeepStrictEqual(peerServer.value, beckon.value);
  if (!intended) return same ? undefined : `not as PeerServer, and not intended\nPeerServer: ${show(peerServer.value)}\nBeckon:     ${show(beckon.value)}`;
  if (same) return `listed as the intended difference "${intended.difference.id}", yet it does what PeerServer does: ${show(beckon.value)}`;
  if (isDeepStrictEqual(beckon.value, intended.expected)) return undefined;
  return `not the intended difference "${intended.difference.id}"\nPeerServer: ${show(peerServer.value)}\nBeckon:     ${show(beckon.value)}\nexpected:   ${show(intended.expected)}`;
}

const show = (value) => {
  const text = JSON.stringify(value);
  return text.length > 2_000 ? `${text.slice(0, 2_000)}… (${text.length} characters)` : text;
};
