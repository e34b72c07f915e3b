// Runs in a page: the stock client, as its documentation begins. `port` is where its server is; whoever is given an id calls it, and says hello.
const asked = new URL(location.href).searchParams;
const peer = new Peer({ host: location.hostname, port: Number(asked.get("port")), path: "/", secure: false, config: { iceServers: [] } });
peer.on("connection", (connection) => connection.on("data", () => window.heard()));
peer.on("open", (id) => {
  window.ready(id);
  const other = asked.get("id");
  if (!other) return;
  const connection = peer.connect(other);
  connection.on("open", () => connection.send("hello world"));
});
