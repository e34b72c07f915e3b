// Runs in a page: the least that two pages need to say hello, with a server that passes on whatever it is given. Whoever finds somebody there
// calls, and says hello when the channel is open.
const socket = new WebSocket(`ws://${location.host}/bare`);
const connection = new RTCPeerConnection();
const callOut = () => {
  const channel = connection.createDataChannel("hello");
  channel.onopen = () => channel.send("hello world");
};
const tell = (words) => socket.send(JSON.stringify(words));
connection.onicecandidate = ({ candidate }) => candidate && tell({ candidate });
connection.ondatachannel = ({ channel }) => (channel.onmessage = () => window.heard());
socket.onopen = () => window.ready();
socket.onmessage = async ({ data }) => {
  const { present, description, candidate } = JSON.parse(data);
  if (present) callOut();
  if (description) await connection.setRemoteDescription(description);
  if (candidate) await connection.addIceCandidate(candidate);
  if (!present && description?.type !== "offer") return;
  await connection.setLocalDescription();
  tell({ description: connection.localDescription });
};
