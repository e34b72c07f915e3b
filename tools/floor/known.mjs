// What the pages use that one of the oldest browsers lacks (`browserslist` in package.json), where, and what becomes of those who lack it. What is
// not here may not be used; what is here and is used no more has to go. tests/browser/the-oldest-browsers-are-served.test.mjs takes each of them away.

/**
 * Things of scripts, by where MDN's data has them.
 * @type {Record<string, { files: string[], without: string }>}
 */
export const SCRIPTS = {
  "api.AbortSignal.reason": {
    files: [
      "public/lib/asking.js",
      "public/lib/waiting.js",
      "public/doctor/checks.js",
      "public/doctor/doctor.js",
      "public/doctor/loopback.js",
      "public/doctor/server-check.js",
    ],
    without: "it is thrown where something was aborted, and whoever catches it asks the signal",
  },
  "api.CSS.highlights_static": { files: ["public/examples/stage.js"], without: "looked for first: code is shown in one colour" },
  "api.Highlight": { files: ["public/examples/stage.js"], without: "as CSS.highlights" },
  "api.Navigator.connection": {
    files: ["public/lib/page-lifecycle.js"],
    without: "looked for first: a change of network is noticed by `online`, and by silence",
  },
  "api.Navigator.share": { files: ["public/shared/share.js"], without: "looked for first: there is no button for it" },
  "api.Navigator.userActivation": { files: ["public/room/sound.js"], without: "looked for first: nothing is felt" },
  "api.Navigator.vibrate": { files: ["public/room/sound.js"], without: "looked for first: nothing is felt" },
  "api.UserActivation.hasBeenActive": { files: ["public/room/sound.js"], without: "as navigator.userActivation" },
  "api.RTCDtlsTransport.getRemoteCertificates": { files: ["public/lib/fingerprint.js"], without: "looked for first: statistics have the fingerprint" },
  "api.RTCPeerConnection.connectionState": { files: ["public/lib/connection.js", "public/doctor/loopback.js"], without: "the state of ICE stands in for it" },
  "api.RTCPeerConnection.connectionstatechange_event": {
    files: ["public/lib/connection.js", "public/doctor/loopback.js"],
    without: "the event of ICE stands in for it",
  },
  "api.RTCPeerConnection.icecandidateerror_event": {
    files: ["public/lib/ice-servers.js", "public/doctor/loopback.js"],
    without: "it is not told why a relay gives nothing",
  },
  "api.RTCPeerConnectionIceErrorEvent.errorCode": { files: ["public/lib/ice-servers.js", "public/doctor/loopback.js"], without: "as icecandidateerror" },
  "api.RTCPeerConnectionIceErrorEvent.errorText": { files: ["public/doctor/loopback.js"], without: "as icecandidateerror" },
  "api.RTCPeerConnectionIceErrorEvent.url": { files: ["public/lib/ice-servers.js", "public/doctor/loopback.js"], without: "as icecandidateerror" },
  "api.RTCPeerConnection.sctp": {
    files: ["public/lib/channels.js", "public/lib/fingerprint.js", "public/shared/statistics.js"],
    without: "looked for first: statistics have the fingerprint, and details say that it is not known",
  },
  "api.RTCSctpTransport.maxMessageSize": { files: ["public/lib/channels.js", "public/shared/statistics.js"], without: "as sctp" },
  "api.RTCSctpTransport.state": { files: ["public/shared/statistics.js"], without: "as sctp" },
  "api.RTCSctpTransport.transport": { files: ["public/lib/fingerprint.js", "public/shared/statistics.js"], without: "as sctp" },
  "api.ReadableByteStreamController.close": { files: ["public/classroom/borders.js"], without: "caught: the page says that there are no byte streams" },
  "api.ReadableByteStreamController.enqueue": { files: ["public/classroom/borders.js"], without: "as its close" },
  "api.ReadableStreamBYOBReader.read": { files: ["public/classroom/borders.js"], without: "as its close" },
  "javascript.builtins.Symbol.asyncDispose": { files: ["public/beckon.js"], without: "who has no `await using` closes the room by close()" },
};

/** Things of style sheets, by where MDN's data has them: what is seen without them. @type {Record<string, string>} */
export const STYLES = {
  "css.types.color.oklch": "colours are HSL, each in its own rule before",
  "css.types.length.viewport_percentage_units_dynamic": "a height in vh stands before it",
  "css.selectors.has": "what is empty is shown, and a lone device does not have a larger code",
  "css.selectors.highlight": "code is shown in one colour",
  "css.at-rules.media.forced-colors": "the browser gives buttons an edge itself",
  "css.properties.field-sizing": "a name has a field of one width",
  "css.properties.text-wrap": "lines are as long as they get",
  "css.properties.text-decoration.dotted": "it has a prefix in Safari, which is written, too",
  "css.properties.align-content.start": "the initial value does the same in a grid",
  "css.properties.resize": "there is no handle on a phone anyway",
  "css.properties.cursor": "there is no pointer on a phone",
  "css.selectors.-webkit-progress-bar": "of Chromium and Safari; Firefox has the next one",
  "css.selectors.-webkit-progress-value": "of Chromium and Safari",
  "css.selectors.-moz-progress-bar": "of Firefox",
};

/** Things of pages, by where MDN's data has them. @type {Record<string, string>} */
export const PAGES = {
  "html.elements.link.rel.modulepreload": "a script is found when what asks for it has been read",
  "html.elements.link.rel.manifest": "the page cannot be put on a home screen with its icon",
  "html.elements.link.rel.icon": "a phone shows none",
  "html.elements.meta.name.viewport": "of phones",
  "html.global_attributes.autocapitalize": "the first letter of an id is a capital, until it is changed",
};

/** Scripts that others made, and that are served as they are. `reason`: why they are not looked at, if they are not. */
export const OTHERS = [
  { file: "public/vendor/lean-qr.mjs", reason: "" },
  { file: "public/vendor/peerjs.min.js", reason: "the stock client brings what it needs for old browsers (webrtc-adapter), and asks before it uses the rest" },
];
