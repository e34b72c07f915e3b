// What the command understands: its options, among them all of PeerServer's own command, and how they are written.

/** What is wrong: said to the person, without a trace. */
export class CommandError extends Error {
  /** What the command ends with. */
  status = 1;
}

/** The command was called in a way that it does not understand: its help would say how. */
export class UsageError extends CommandError {
  status = 2;
}

/** The commands; the first one where none is named. */
export const COMMANDS = ["serve", "deploy", "init"];

/** What is where a command should be, and is none. @param {string} given */
export const noCommand = (given) =>
  new UsageError(COMMANDS.includes(given) ? `The command comes first: beckon ${given} ...` : `There is no command ${given}; there are ${COMMANDS.join(", ")}.`);

/**
 * An option.
 * @typedef {object} Option
 * @property {string} name
 * @property {string[]} [also]  other names; of one letter, with one dash
 * @property {"flag" | "number" | "text" | "each" | "many"} takes  nothing; a whole number; a text; a text, each time it is given; one or several texts
 * @property {string} [value]  how the help calls what it takes
 * @property {string} help
 * @property {string} [variable]  the variable of docs/configuration.md that it sets
 */

/** @type {Option[]} */
export const SERVE = [
  { name: "port", also: ["p"], takes: "number", value: "N", help: "the port; $PORT or 8787 unless it is given, 0 for a free one" },
  { name: "ip", also: ["host", "H"], takes: "text", value: "ADDRESS", help: "the address: 127.0.0.1 unless it is given, 0.0.0.0 for all" },
  { name: "lan", takes: "flag", help: "serve all networks of this machine (or that of --ip) over https, and show a QR code" },
  { name: "data", takes: "text", value: "FOLDER", help: "where frames for absent peers are kept; .beckon unless it is given" },
  { name: "proxied", takes: "flag", help: "a proxy in front says in X-Forwarded-For who asks" },
  { name: "sslkey", takes: "text", value: "FILE", help: "serve https with this key (PEM) ..." },
  { name: "sslcert", takes: "text", value: "FILE", help: "... and this certificate (PEM)" },
  { name: "metrics", takes: "text", value: "[ADDRESS:]PORT", help: "counts for Prometheus, at /metrics of a port of their own" },
  { name: "var", takes: "each", value: "NAME=VALUE", help: "set a variable; so do the environment and a file .dev.vars" },
  { name: "path", takes: "text", value: "PATH", variable: "BASE_PATH", help: "where PeerJS clients find the server; $PEERSERVER_PATH or / unless it is given" },
  {
    name: "key",
    also: ["k"],
    takes: "text",
    value: "KEY",
    variable: "ALLOWED_KEYS",
    help: "the only key that PeerJS clients may connect with; any unless it is given",
  },
  { name: "expire_timeout", also: ["t"], takes: "number", value: "MS", variable: "EXPIRE_TIMEOUT_MS", help: "how long a frame waits for an absent peer" },
  { name: "alive_timeout", takes: "number", value: "MS", variable: "ALIVE_TIMEOUT_MS", help: "how long a silent peer keeps its id" },
  { name: "concurrent_limit", also: ["c"], takes: "number", value: "N", variable: "CONCURRENT_LIMIT", help: "peers at a time" },
  { name: "allow_discovery", takes: "flag", variable: "ALLOW_DISCOVERY", help: "list the connected ids at /KEY/peers" },
  { name: "cors", takes: "many", value: "ORIGIN...", variable: "ALLOWED_ORIGINS", help: "the web origins whose pages may use this server" },
];

/** @type {Option[]} */
export const DEPLOY = [
  { name: "name", takes: "text", value: "NAME", help: "the Worker's name; beckon unless it is given" },
  { name: "var", takes: "each", value: "NAME=VALUE", help: "set a variable" },
  { name: "dry_run", takes: "flag", help: "do everything but the upload" },
  { name: "outdir", takes: "text", value: "FOLDER", help: "write there what is uploaded" },
];

/** What PeerServer knows and nothing here could mean, and why. */
const MEANINGLESS = new Map([
  ["cleanupoutmsgs", "EXPIRE comes on time here, and not at the next round"],
  ["generateclientid", "ids are UUIDs here; an app that wants its own passes them to new Peer(id)"],
  ["createwebsocketserver", "there is no process here to embed code into"],
  ["corsoptions", "use --cors with the web origins whose pages may use this server"],
  ["ssl", "use --sslkey and --sslcert with the files"],
]);

/** As PeerServer's command (yargs) reads names: expire_timeout, expire-timeout and expireTimeout are one. @param {string} name */
const plain = (name) => (name.length === 1 ? name : name.replace(/[-_]/g, "").toLowerCase());

/** How an option is written. @param {string} name */
const written = (name) => (name.length === 1 ? `-${name}` : `--${name.replace("dry_run", "dry-run")}`);

/**
 * The name of the option that an argument is, and the value that is in it; no name where it is none.
 * @param {string} argument
 * @param {Map<string, Option>} known
 * @returns {{ said: string, equals?: string }}
 */
function dissected(argument, known) {
  const [, long = "", value] = /^--([A-Za-z][\w-]*)(?:=([^]*))?$/.exec(argument) ?? [];
  if (long) return { said: long, equals: value };
  const [, short = "", attached = ""] = /^-([A-Za-z])([^]*)$/.exec(argument) ?? [];
  if (!attached) return { said: short };
  const [word = ""] = /^[\w-]*/.exec(short + attached) ?? [];
  const meant = known.get(plain(word));
  if (meant && word.length > 1) throw new UsageError(`There is no option ${argument}: write ${written(meant.name)}.`);
  // -p9000 and -p=9000
  const takes = known.get(short)?.takes;
  if (takes === undefined || takes === "flag") throw new UsageError(`There is no option ${argument}.`);
  return { said: short, equals: attached.replace(/^=/, "") };
}

/**
 * Reads arguments.
 * @param {string[]} given
 * @param {Option[]} options
 * @returns {{ values: Record<string, any>, rest: string[] }}  by the options' own names; what is no option
 */
export function parse(given, options) {
  const known = new Map(options.flatMap((option) => [option.name, ...(option.also ?? [])].map((name) => [plain(name), option])));
  /** @type {Record<string, any>} */
  const values = {};
  const rest = [];
  for (let at = 0; at < given.length; at++) {
    const argument = given[at] ?? "";
    if (argument === "--") return { values, rest: [...rest, ...given.slice(at + 1)] };
    const { said, equals } = dissected(argument, known);
    if (!said) {
      rest.push(argument);
      continue;
    }
    const denied = known.get(plain(said)) ? undefined : known.get(plain(said.replace(/^no-/, "")));
    const option = known.get(plain(said)) ?? (denied?.takes === "flag" ? denied : undefined);
    const why = MEANINGLESS.get(plain(said));
    if (!option && why) throw new UsageError(`${argument.split("=")[0]} has no meaning here: ${why}.`);
    if (!option) throw new UsageError(`There is no option ${argument.split("=")[0]}.`);
    const next = () => {
      if (equals !== undefined) return equals;
      const value = given[++at];
      if (value === undefined || /^--?[A-Za-z]/.test(value)) throw new UsageError(`${written(option.name)} needs ${option.value}.`);
      return value;
    };
    if (option.takes === "flag") {
      const value = equals ?? (/^(true|false)$/.test(given[at + 1] ?? "") ? given[++at] : "true");
      if (!/^(true|false)$/.test(value ?? "")) throw new UsageError(`${written(option.name)} is true or false, and not ${value}.`);
      values[option.name] = (value === "true") !== (option === denied);
    } else if (option.takes === "many") {
      const all = [next()];
      while (equals === undefined && given[at + 1] !== undefined && !/^-/.test(given[at + 1] ?? "")) all.push(given[++at] ?? "");
      values[option.name] = [...(values[option.name] ?? []), ...all];
    } else if (option.takes === "each") {
      values[option.name] = [...(values[option.name] ?? []), next()];
    } else {
      const value = next();
      // As yargs has numbers: 5e3 and 0x10, too.
      const number = /^(\d|\.\d)/.test(value) ? Number(value) : Number.NaN;
      if (option.takes === "number" && !Number.isSafeInteger(number)) throw new UsageError(`${written(option.name)} is a whole number, and not ${value}.`);
      values[option.name] = option.takes === "number" ? number : value;
    }
  }
  return { values, rest };
}

/** Variables as `--var` has them. @param {string[]} given @param {string[]} known */
export function variables(given, known) {
  return Object.fromEntries(
    given.map((text) => {
      const [, name = "", value = ""] = /^(\w+)[=:]([^]*)$/.exec(text) ?? [];
      if (!name) throw new UsageError(`--var needs NAME=VALUE, and not ${text}.`);
      checkName(name, known, "");
      return [name, value];
    }),
  );
}

/** What is no variable is a mistake, wherever it is written. @param {string} name @param {string[]} known @param {string} where */
export function checkName(name, known, where) {
  if (!known.includes(name)) throw new CommandError(`There is no variable ${name}${where}; there are ${known.join(", ")}.`);
}

/** The lines of a help for some options. @param {Option[]} options */
export function described(options) {
  const heads = options.map(({ name, also = [], value = "" }) =>
    `${[...also, name]
      .sort((a, b) => a.length - b.length)
      .map(written)
      .join(", ")} ${value}`.trim(),
  );
  const width = Math.max(...heads.map(({ length }) => length));
  return options.map(({ help, variable }, at) => `  ${(heads[at] ?? "").padEnd(width)}  ${help}${variable ? ` (${variable})` : ""}`).join("\n");
}
