// Whether this browser makes direct connections.

/** What the browser says when it is asked for one: a setting or an extension may have taken it away. @returns {string} nothing if it makes them */
export function whyNoWebRtc() {
  try {
    const pc = new RTCPeerConnection();
    pc.createDataChannel("test");
    pc.close();
    return "";
  } catch (error) {
    return String(error);
  }
}
