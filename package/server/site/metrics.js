// Runs in workerd beside the Worker where `npm run serve -- --metrics PORT` puts it, and stands there for a dataset of Workers Analytics
// Engine: adds up what it is given, and shows it as Prometheus reads it (text format 0.0.4). It has a port of its own: nothing that the
// world can reach leads here.
import { WorkerEntrypoint } from "cloudflare:workers";

/** @type {Map<string, { times: number, bytes: number }>} */
const sums = new Map();

/** What is no refusal, and its counter. */
const COUNTERS = new Map([
  ["join", ["beckon_joins_total", "Sockets that were let in."]],
  ["relay", ["beckon_relayed_frames_total", "Frames that were passed on, counted in sixteens."]],
  ["row", ["beckon_stored_rows_total", "Rows that were written for absent peers and owners."]],
]);

const counter = (name, help, lines) =>
  `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.map(([labels, value]) => `${name}${labels} ${value}\n`).join("")}`;

/** All sums as text. */
export function page(all) {
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  const refusals = sorted.filter(([what]) => !COUNTERS.has(what) && !what.startsWith("path-"));
  const paths = sorted.filter(([what]) => what.startsWith("path-"));
  const label = (code) => `{code="${code}"}`;
  return [
    ...[...COUNTERS].map(([what, [name, help]]) => counter(name, help, [["", all.get(what)?.times ?? 0]])),
    counter(
      "beckon_refusals_total",
      "Refusals, by the code of src/wire/refusal.rs.",
      refusals.map(([code, { times }]) => [label(code), times]),
    ),
    counter(
      "beckon_refused_bytes_total",
      "Bytes of frames that were refused.",
      refusals.map(([code, { bytes }]) => [label(code), bytes]),
    ),
    counter(
      "beckon_paths_total",
      "Kinds of path that pages have told of.",
      paths.map(([what, { times }]) => [`{kind="${what.slice("path-".length)}"}`, times]),
    ),
  ].join("");
}

export default class extends WorkerEntrypoint {
  writeDataPoint({ blobs: [what], doubles: [times, bytes = 0] }) {
    const sum = sums.get(what) ?? { times: 0, bytes: 0 };
    sums.set(what, { times: sum.times + times, bytes: sum.bytes + bytes });
  }

  fetch(request) {
    const path = request.url.replace(/^\w+:\/\/[^/]*/, "").replace(/[?#][^]*$/, "");
    if (path !== "/metrics") return new Response("Not Found: the counts are at /metrics\n", { status: 404 });
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
    const headers = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store" };
    return new Response(request.method === "HEAD" ? null : page(sums), { headers });
  }

  connect(socket) {
    return socket.close();
  }
}
