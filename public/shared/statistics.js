// The browser's statistics of a connection (W3C webrtc-stats), in words. No addresses: a screen may be shared, a report sent on.
import { isolate, join, t } from "./language.js";

/**
 * The statistics by their types, and the selected pair of candidates.
 * @param {RTCPeerConnection} pc
 * @returns {Promise<{ of(type: string): any[], pair: any, local: any, remote: any }>} `pair`, `local` and `remote` are undefined while there is none
 */
export async function readStatistics(pc) {
  /** @type {Map<string, any>} */
  const byId = new Map();
  (await pc.getStats()).forEach((report) => byId.set(report.id, report));
  const of = (/** @type {string} */ type) => [...byId.values()].filter((report) => report.type === type);
  // Chromium names the selected pair in the transport, Firefox marks the pair itself.
  const pair = byId.get(of("transport")[0]?.selectedCandidatePairId) ?? of("candidate-pair").find(({ selected }) => selected);
  return { of, pair, local: byId.get(pair?.localCandidateId), remote: byId.get(pair?.remoteCandidateId) };
}

/**
 * @param {RTCPeerConnection} pc
 * @returns {Promise<() => [string, string][]>} terms and what there is to say, in the language that is read when they are asked for
 */
export async function describe(pc) {
  const { of, pair = {}, local, remote } = await readStatistics(pc);
  const types = (/** @type {string} */ type) => of(type).map(({ candidateType }) => candidateType);
  const [transport = {}] = of("transport");
  const dtls = transport.dtlsState ?? pc.sctp?.transport?.state;
  const channels = of("data-channel");
  const connection = { ice: pc.iceConnectionState, sctp: pc.sctp && { state: pc.sctp.state, most: pc.sctp.maxMessageSize } };
  return () => [
    [t("Pair in use"), local && remote ? t("{here} here, {there} there", { here: end(local), there: end(remote) }) : t("none")],
    [
      t("Round trip"),
      typeof pair.currentRoundTripTime === "number" ? t("{n} ms", { n: Math.round(pair.currentRoundTripTime * 10_000) / 10 }) : t("not measured yet"),
    ],
    [t("Carried"), t("{out} out, {in} in", { out: size(pair.bytesSent), in: size(pair.bytesReceived) })],
    [t("Messages"), t("{out} out, {in} in, confirmations and copies included", { out: sum(channels, "messagesSent"), in: sum(channels, "messagesReceived") })],
    [t("Candidates"), t("{here} here; {there} there", { here: kinds(types("local-candidate")), there: kinds(types("remote-candidate")) })],
    ["ICE", isolate(connection.ice)],
    ["DTLS", isolate([dtls ?? t("not known"), transport.tlsVersion && version(transport.tlsVersion), transport.dtlsCipher].filter(Boolean).join(", "))],
    ["SCTP", connection.sctp ? t("{state}, messages of up to {size}", { state: connection.sctp.state, size: size(connection.sctp.most) }) : t("none")],
  ];
}

/** @param {any} candidate */
function end({ candidateType, protocol, relayProtocol }) {
  return `${candidateType}/${candidateType === "relay" && relayProtocol ? relayProtocol : protocol}`;
}

/** How many there are of each type. @param {string[]} types of candidates */
export function kinds(types) {
  const each = [...new Set(types)].map((type) => t("{n} {type}", { n: types.filter((other) => other === type).length, type }));
  return join(each, t(", ")) || t("none");
}

/** @param {any[]} reports @param {string} field */
function sum(reports, field) {
  return reports.reduce((total, report) => total + (report[field] ?? 0), 0);
}

/** @param {number} [bytes] */
function size(bytes = 0) {
  if (!Number.isFinite(bytes)) return t("any size");
  return bytes < 10_000 ? t("{n} bytes", { n: bytes }, "{n} byte") : t("{n} kB", { n: Math.round(bytes / 1_000) });
}

/** @param {string} hex as in the protocol: FEFD is DTLS 1.2 */
function version(hex) {
  return { FEFF: "1.0", FEFD: "1.2", FEFC: "1.3" }[hex.toUpperCase()] ?? hex;
}
