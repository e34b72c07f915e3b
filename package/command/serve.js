// `beckon`: serves on this machine until it is ended.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { createServer } from "node:net";
import { join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { certificate } from "../server/certificate.js";
import { ALONE, addresses, invitation } from "../server/lan.js";
import { SECRETS, addressOf, serve } from "../server/serve.js";
import { SERVE, UsageError, parse, variables } from "./options.js";

/** Where it is, unless it is said. wrangler's own port, which the pages name. */
const PORT = 8787;
const IP = "127.0.0.1";
/** All addresses of this machine, in words that programs have for them. */
const ALL = new Set(["0.0.0.0", "::", "*"]);
/** What else says that a proxy is there, as PeerServer's command takes it. */
const KEY = "the key and the certificate belong together: give both --sslkey and --sslcert.";

/** What an address that cannot be had means for whoever asked for it. @type {Record<string, (where: string) => string>} */
const REFUSED = {
  EADDRINUSE: (where) => `${where} is taken: another program serves there. End it, or choose another port with --port.`,
  EACCES: (where) => `${where} is not for this user: ports below 1024 are the system's. Choose another one with --port.`,
  EADDRNOTAVAIL: (where) => `${where} is no address of this machine. Choose another one with --ip.`,
  ENOTFOUND: (where) => `${where} is no address of this machine. Choose another one with --ip.`,
};

/** Whether a port can be had, asked before workerd does, whose words are for programmers. @param {string} ip @param {number} port */
function refusal(ip, port) {
  const server = createServer();
  return new Promise((/** @type {(why: string | null) => void} */ settle) => {
    server.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
      settle(REFUSED[error.code ?? ""]?.(addressOf(ip, port)) ?? `${addressOf(ip, port)}: ${error.message}`);
    });
    server.listen({ port, host: ip === "*" ? undefined : ip }, () => server.close(() => settle(null)));
  });
}

/**
 * Takes a folder for this process: two servers would remove each other's files. Says who has it, if it is not to be had.
 * @param {string} data
 */
function taken(data) {
  const file = join(data, "process");
  mkdirSync(data, { recursive: true });
  const pid = Number(existsSync(file) && readFileSync(file, "utf8"));
  try {
    if (pid && pid !== process.pid && process.kill(pid, 0)) {
      return `${data} is in use by another Beckon (process ${pid}): choose another folder with --data. If that is no Beckon, remove ${file}.`;
    }
  } catch {
    // That process is gone, and has left it.
  }
  writeFileSync(file, `${process.pid}`);
  process.on("exit", () => rmSync(file, { force: true }));
  return null;
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
 * The variables that options and the environment set.
 * @param {Record<string, any>} values
 * @param {string[]} known
 */
function chosen(values, known) {
  if (existsSync(".dev.vars")) {
    if (!process.loadEnvFile) throw new UsageError(`.dev.vars is read by Node.js 20.12 or newer, and this is ${process.version}.`);
    process.loadEnvFile(".dev.vars"); // the environment goes first
  }
  const { PEERSERVER_PATH: path } = process.env;
  const by = { ...(path && process.env.BASE_PATH === undefined ? { path } : {}), ...values };
  const set = SERVE.filter(({ name, variable }) => variable && by[name] !== undefined).map(({ name, variable }) => [variable, String(by[name])]);
  return { ...Object.fromEntries(set), ...variables(values.var ?? [], known) };
}

/** The files that it speaks https with, if it does. @param {Record<string, any>} values @param {string} data @param {string[]} all */
function tlsOf({ sslkey, sslcert, lan }, data, all) {
  if (Boolean(sslkey) !== Boolean(sslcert)) throw new UsageError(KEY);
  if (!sslkey) return lan ? certificate(join(data, "lan"), all) : undefined;
  for (const file of [sslkey, sslcert]) {
    try {
      readFileSync(file);
    } catch (error) {
      throw new UsageError(`${file} cannot be read: ${/** @type {Error} */ (error).message}.`);
    }
  }
  return { key: sslkey, cert: sslcert };
}

/**
 * @param {string[]} given  arguments
 * @param {import("../server/serve.js").Build} build
 */
export async function serving(given, build) {
  const { values, rest } = parse(given, SERVE);
  if (rest.length) throw new UsageError(`There is no command ${rest[0]}.`);
  const known = [...Object.keys(build.worker.vars), ...SECRETS];
  const vars = chosen(values, known);
  const port = values.port ?? Number(process.env.PORT || PORT);
  if (!Number.isInteger(port) || port > 65_535) throw new UsageError(`A port is a whole number up to 65535, and not ${values.port ?? process.env.PORT}.`);
  const data = resolve(values.data ?? ".beckon");
  const all = values.lan ? await addresses(values.ip) : [];
  if (values.lan && !all[0]) return fail(ALONE);
  const ip = values.ip ?? (values.lan ? "0.0.0.0" : IP);
  const refused = (await refusal(ip, port)) ?? taken(data);
  if (refused) return fail(refused);

  const tls = tlsOf(values, data, all);
  const { proxied, metrics } = values;
  const server = await serve(build, { port, ip, data, proxied, metrics, tls, vars }).catch((error) => fail(error.message));
  if (!server) return;
  let ends = false;
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, () => ((ends = true), void server.close()));
  void server.ended.then((code) => process.exit(ends ? 0 : (code ?? 1)));

  const host = ALL.has(ip) || ip === IP ? "localhost" : ip.includes(":") ? `[${ip}]` : ip;
  const url = `${tls ? "https" : "http"}://${host}:${server.port}/`;
  const { status, text } = await answerOf(url.replace("localhost", ip === "::" ? "[::1]" : IP) + "health");
  if (status >= 500) {
    await fail(`nothing is served: ${text.trim()}`);
    return server.close();
  }
  const folder = relative(process.cwd(), data) || ".";
  console.log(`Beckon ${build.version} is at ${url}, its data in ${folder.startsWith("..") ? data : folder}. Ctrl-C ends it.`);
  if (metrics) console.log(`Its counts are at http://${/^\d+$/.test(metrics) ? `${IP}:${server.ports.metrics}` : metrics}/metrics.`);
  if (values.lan) console.log(invitation(await import(pathToFileURL(join(build.site, "vendor/lean-qr.mjs")).href), all, server.port));
}

/** @param {string} why */
function fail(why) {
  console.error(`beckon: ${why}`);
  process.exitCode = 1;
}
