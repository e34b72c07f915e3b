// `beckon`: serves on this machine until it is ended.
import { X509Certificate, createPrivateKey } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { createServer } from "node:net";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as util from "node:util";
import { certificate } from "../server/certificate.js";
import { ALONE, addresses, invitation } from "../server/lan.js";
import { SECRETS, addressOf, serve } from "../server/serve.js";
import { CommandError, SERVE, checkName, noCommand, parse, variables } from "./options.js";
import { about, holderOf, isRunning, whenOrphaned } from "./processes.js";

/** Where it is, unless it is said. wrangler's own port, which the pages name. */
const PORT = 8787;
const IP = "127.0.0.1";
/** All addresses of this machine, in words that programs have for them. */
const ALL = new Set(["0.0.0.0", "::", "*"]);
const MAX_PORT = 65_535;
/** Variables of this folder, as wrangler has them. */
const DEV_VARS = ".dev.vars";
const KEY = "The key and the certificate belong together: give both --sslkey and --sslcert.";

/** What an address that cannot be had means for whoever asked for it. @type {Record<string, (where: string, ip: string, port: number) => string>} */
const REFUSED = {
  EADDRINUSE: (where, ip, port) => `${where} is taken by ${holderOf(ip, port) ?? "another program"}. End that, or choose another port with OPTION.`,
  EACCES: (where) => `${where} is not for this user: ports below 1024 are the system's. Choose another one with OPTION.`,
  EADDRNOTAVAIL: (where) => `${where} is no address of this machine. Choose another one with ADDRESS.`,
};

/** Asks for a port before workerd does, whose words are for programmers. @param {string} ip @param {number} port @param {[address: string, port: string]} options */
async function ask(ip, port, [address, option]) {
  const server = createServer();
  const error = await new Promise((/** @type {(error: NodeJS.ErrnoException | null) => void} */ settle) => {
    server.on("error", settle).listen({ port, host: ip === "*" ? undefined : ip }, () => server.close(() => settle(null)));
  });
  if (!error) return;
  const why = REFUSED[error.code === "ENOTFOUND" ? "EADDRNOTAVAIL" : (error.code ?? "")]?.(addressOf(ip, port), ip, port);
  throw new CommandError(why?.replace("OPTION", option).replace("ADDRESS", address) ?? `${addressOf(ip, port)}: ${error.message}`);
}

/** Takes a folder for this process: two servers would remove each other's files. @param {string} data */
function take(data) {
  const file = join(data, "process");
  try {
    mkdirSync(data, { recursive: true });
    const [pid = "", began = ""] = existsSync(file) ? readFileSync(file, "utf8").split(" ") : [];
    if (Number(pid) && Number(pid) !== process.pid && isRunning(Number(pid), began))
      throw new CommandError(
        `${data} is in use by another Beckon (process ${pid}). Choose another folder with --data.${began ? "" : ` If that is no Beckon, remove ${file}.`}`,
      );
    writeFileSync(file, `${process.pid} ${about(process.pid).began}`);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`Nothing can be kept in ${data} (${/** @type {Error} */ (error).message}). Choose another folder with --data.`);
  }
  process.on("exit", () => rmSync(file, { force: true }));
}

/** What a server answers. @param {string} url @returns {Promise<{ status: number, text: string }>} */
const answerOf = (url) =>
  new Promise((settle, fail) => {
    const get = url.startsWith("https:") ? getHttps : getHttp;
    get(url, { rejectUnauthorized: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part) => (text += part));
      answer.on("end", () => settle({ status: answer.statusCode ?? 0, text }));
    }).on("error", fail);
  });

/**
 * The variables that options and .dev.vars set, and where each one was.
 * @param {Record<string, any>} values
 * @param {string[]} known
 */
function chosen(values, known) {
  /** @type {Map<string, string>} */
  const from = new Map();
  const note = (/** @type {Record<string, string>} */ some, /** @type {(name: string) => string} */ where) => {
    for (const name of Object.keys(some)) from.set(name, where(name));
    return some;
  };
  /** @type {Record<string, string>} */
  let dev = {};
  if (existsSync(DEV_VARS)) {
    if (!util.parseEnv) throw new CommandError(`${DEV_VARS} is read by Node.js 20.12 or newer, and this is ${process.version}.`);
    dev = /** @type {Record<string, string>} */ (util.parseEnv(readFileSync(DEV_VARS, "utf8")));
    for (const name of Object.keys(dev)) checkName(name, known, ` (in ${DEV_VARS})`);
  }
  const has = (/** @type {string} */ name) => process.env[name] !== undefined;
  const environment = Object.fromEntries(known.filter(has).map((name) => [name, process.env[name] ?? ""]));
  const { PEERSERVER_PATH: path } = process.env;
  const given = { ...(path && !has("BASE_PATH") ? { path } : {}), ...values };
  const options = SERVE.filter(({ name, variable }) => variable && given[name] !== undefined);
  const option = (/** @type {string} */ set) => options.find(({ variable }) => variable === set)?.name ?? "";
  const set = Object.fromEntries(options.map(({ name, variable = "" }) => [variable, String(given[name])]));
  const vars = {
    ...note(dev, () => `in ${DEV_VARS}`),
    ...note(environment, () => "in the environment"),
    ...note(set, (name) => `by --${option(name)}`),
    ...note(variables(values.var ?? [], known), () => "by --var"),
  };
  return { vars, from };
}

/** What the Worker says of a variable that makes no sense, with where it was set. @param {string} text @param {Map<string, string>} from */
function explained(text, from) {
  const [sentence = "", advice] = text.split("Change it");
  const where = advice && from.get(/^The variable (\w+)/.exec(sentence)?.[1] ?? "");
  return where ? `${sentence.trim()} It is set ${where}.` : text.trim();
}

/** The files that it speaks https with, if it does. @param {Record<string, any>} values @param {string} data @param {string[]} all */
function tlsOf({ sslkey, sslcert, lan }, data, all) {
  if (Boolean(sslkey) !== Boolean(sslcert)) throw new CommandError(KEY);
  if (!sslkey) return lan ? certificate(join(data, "lan"), all) : undefined;
  const read = (/** @type {string} */ file, /** @type {(pem: Buffer) => any} */ parse, /** @type {string} */ what) => {
    try {
      return parse(readFileSync(file));
    } catch (error) {
      const { syscall, message } = /** @type {NodeJS.ErrnoException} */ (error);
      throw new CommandError(syscall ? `${file} cannot be read: ${message}.` : `${file} is no ${what} in PEM.`);
    }
  };
  const cert = read(sslcert, (pem) => new X509Certificate(pem), "certificate");
  if (!cert.checkPrivateKey(read(sslkey, createPrivateKey, "key without a password")))
    throw new CommandError(`${sslcert} is a certificate for another key than ${sslkey}.`);
  return { key: sslkey, cert: sslcert };
}

/** An address and a port of `--metrics`. @param {string} text */
function place(text) {
  const [, ip = IP, port = ""] = /^(?:(.+):)?(\d+)$/.exec(text) ?? [];
  if (!port || Number(port) > MAX_PORT) throw new CommandError(`--metrics has a port, or an address and a port, and not ${text}.`);
  return { ip: ip.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

/**
 * @param {string[]} given  arguments
 * @param {import("../server/serve.js").Build} build
 */
export async function serving(given, build) {
  let end = () => void process.exit();
  whenOrphaned(() => {
    console.error("beckon: npm, which has started this server, has ended, and so it ends, too.");
    end();
  });
  const { values, rest } = parse(given, SERVE);
  if (rest[0] !== undefined) throw noCommand(rest[0]);
  const known = [...Object.keys(build.worker.vars), ...SECRETS];
  const { vars, from } = chosen(values, known);
  const port = values.port ?? Number(process.env.PORT || PORT);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
    throw new CommandError(`A port is a whole number up to ${MAX_PORT}, and not ${values.port ?? process.env.PORT}.`);
  const data = resolve(values.data ?? ".beckon");
  const all = values.lan ? await addresses(ALL.has(values.ip) ? undefined : values.ip) : [];
  if (values.lan && !all[0]) throw new CommandError(ALONE);
  const ip = values.ip ?? (values.lan ? "0.0.0.0" : IP);
  const { proxied, metrics } = values;
  await ask(ip, port, ["--ip", "--port"]);
  const counts = metrics ? place(metrics) : null;
  if (counts) await ask(counts.ip, counts.port, ["--metrics", "--metrics"]);
  take(data);

  const tls = tlsOf(values, data, all);
  const server = await serve(build, { port, ip, data, proxied, metrics, tls, vars }).catch((error) => {
    throw new CommandError(error.message);
  });
  let ends = false;
  end = () => {
    ends = true;
    void server.close();
  };
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, end);
  void server.ended.then((code) => process.exit(ends ? process.exitCode : (code ?? 1)));

  const isEverywhere = ALL.has(ip);
  const host = isEverywhere || ip === IP ? "localhost" : ip.includes(":") ? `[${ip}]` : ip;
  const url = `${tls ? "https" : "http"}://${host}:${server.port}/`;
  const { status, text } = await answerOf(url.replace("localhost", ip === "::" ? "[::1]" : IP) + "health");
  if (status >= 500) {
    console.error(`beckon: nothing is served: ${explained(text, from)}`);
    process.exitCode = 1;
    return end();
  }
  const folder = relative(process.cwd(), data) || ".";
  const reach = isEverywhere ? " and at every address of this machine" : "";
  console.log(`Beckon ${build.version} is at ${url}${reach}, its data in ${folder.startsWith("..") ? data : folder}. Ctrl-C ends it.`);
  if (counts) console.log(`Its counts are at http://${addressOf(counts.ip, server.ports.metrics ?? 0)}/metrics.`);
  if (values.lan) console.log(invitation(await import(pathToFileURL(join(build.site, "vendor/lean-qr.mjs")).href), all, server.port));
}
