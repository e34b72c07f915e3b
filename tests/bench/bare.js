// Runs in a page: the least that two pages need for a data channel between them, with a server that passes on whatever it is given.
// Whoever finds somebody there calls.
const socket = new WebSocket(`ws://${location.host}/bare`);
const connection = new RTCPeerConnection();
const tell = (words) => socket.send(JSON.stringify(words));
const ready = ({ target }) => (window.openAt ??= performance.now()) && target;
connection.onicecandidate = ({ candidate }) => candidate && tell({ candidate });
connection.ondatachannel = ({ channel }) => (channel.onopen = ready);
socket.onmessage = async ({ data }) => {
  const { present, description, candidate } = JSON.parse(data);
  if (present) connection.createDataChannel("hello").onopen = ready;
  if (description) await connection.setRemoteDescription(description);
  if (candidate) await connection.addIceCandidate(candidate);
  if (!present && description?.type !== "offer") return;
  await connection.setLocalDescription();
  tell({ description: connection.localDescription });
};
