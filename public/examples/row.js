// A file on its way, as a row in the list: template `row` in files.html.

const LONGEST = 255; // characters of a name
const UNFIT = /[^\P{C}\u200c-\u200d]|[\s\u115f\u1160\u3164]/gu; // what hides, turns the writing direction or begins a line

/**
 * @param {object} facts
 * @param {string} facts.name
 * @param {number} facts.size in bytes
 * @param {import('../beckon.js').Peer} facts.peer
 * @param {() => void} [facts.yes] if it is offered to us
 * @param {() => void} facts.no
 */
export function addRow({ name: given, size, peer, yes, no }) {
  const name = given.slice(0, LONGEST).replace(UNFIT, " ").trim() || "a file"; // evil\u202Egpj.exe would read evilexe.jpg
  const template = /** @type {any} */ (document.getElementById("row"));
  const row = template.content.cloneNode(true).firstElementChild;
  const part = (/** @type {string} */ name) => row.querySelector(`.${name}`);
  const who = () => (part("who").textContent = `${yes ? "from" : "to"} ${peer.name}`);
  who();
  peer.addEventListener("name", who);
  part("name").textContent = name; // as text: it comes from somebody else
  part("size").textContent = size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
  part("state").textContent = yes ? "Do you want it?" : "offered";
  part("yes").hidden = !yes;
  part("yes").addEventListener("click", () => {
    part("yes").hidden = true;
    part("no").textContent = "Stop";
    yes?.();
  });
  part("no").textContent = yes ? "No, thanks" : "Withdraw";
  part("no").addEventListener("click", no);
  document.getElementById("list")?.prepend(row);

  /** @param {number} got in bytes */
  function progress(got) {
    const done = Math.max(0, Math.min(1, got / size || 0));
    part("bar").hidden = false;
    part("bar").value = done;
    part("state").textContent = `${Math.floor(100 * done)} %`;
  }

  /** @param {string} how @param {Blob} [file] to be saved */
  function end(how, file) {
    for (const name of ["bar", "yes", "no"]) part(name).hidden = true;
    part("state").textContent = how;
    part("save").hidden = !file;
    part("save").download = name;
    if (file) part("save").href = URL.createObjectURL(file);
  }

  return { progress, end };
}
