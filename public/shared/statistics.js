// The browser's statistics of a connection (W3C webrtc-stats), in words. No addresses: a screen may be shared, a report sent on.

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
 * @returns {Promise<[string, string][]>} terms and what there is to say
 */
export async function describe(pc) {
  const { of, pair = {}, local, remote } = await readStatistics(pc);
  const types = (/** @type {string} */ type) => of(type).map(({ candidateType }) => candidateType);
  const [transport = {}] = of("transport");
  const dtls = transport.dtlsState ?? pc.sctp?.transport?.state ?? "not known";
  const channels = of("data-channel");
  return [
    ["Pair in use", local && remote ? `${end(local)} here, ${end(remote)} there` : "none"],
    ["Round trip", typeof pair.currentRoundTripTime === "number" ? `${Math.round(pair.currentRoundTripTime * 10_000) / 10} ms` : "not measured yet"],
    ["Carried", `${size(pair.bytesSent)} out, ${size(pair.bytesReceived)} in`],
    ["Messages", `${sum(channels, "messagesSent")} out, ${sum(channels, "messagesReceived")} in, confirmations and copies included`],
    ["Candidates", `${kinds(types("local-candidate"))} here; ${kinds(types("remote-candidate"))} there`],
    ["ICE", pc.iceConnectionState],
    ["DTLS", [dtls, transport.tlsVersion && version(transport.tlsVersion), transport.dtlsCipher].filter(Boolean).join(", ")],
    ["SCTP", pc.sctp ? `${pc.sctp.state}, messages of up to ${size(pc.sctp.maxMessageSize)}` : "none"],
  ];
}

/** @param {any} candidate */
function end({ candidateType, protocol, relayProtocol }) {
  return `${candidateType}/${candidateType === "relay" && relayProtocol ? relayProtocol : protocol}`;
}

/** How many there are of each type. @param {string[]} types of candidates */
export function kinds(types) {
  return [...new Set(types)].map((type) => `${types.filter((other) => other === type).length} ${type}`).join(", ") || "none";
}

/** @param {any[]} reports @param {string} field */
function sum(reports, field) {
  return reports.reduce((total, report) => total + (report[field] ?? 0), 0);
}

/** @param {number} [bytes] */
function size(bytes = 0) {
  if (!Number.isFinite(bytes)) return "any size";
  return bytes < 10_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000)} kB`;
}

/** @param {string} hex as in the protocol: FEFD is DTLS 1.2 */
function version(hex) {
  return { FEFF: "1.0", FEFD: "1.2", FEFC: "1.3" }[hex.toUpperCase()] ?? hex;
}
