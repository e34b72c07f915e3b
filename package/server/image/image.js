// `node image.js FOLDER`: puts into a folder all that an image needs: workerd with its libraries, the Worker, the pages, the authorities
// that certificates are checked with, a user, and a place for data. The Dockerfile runs it.
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PACKAGE, packed } from "../packed.js";
import { SECRETS, configured } from "../serve.js";
import { program } from "../workerd.js";

const [, , folder = ""] = process.argv;
/** Where the package's files are in the image. */
const HOME = "/beckon/";
/** That of images without a shell: nobody's. */
const USER = 65_532;
const PORT = 8787;

const put = (/** @type {string} */ from, /** @type {string} */ to) => {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  cpSync(realpathSync(from), join(folder, to), { recursive: true });
};
const write = (/** @type {string} */ to, /** @type {string} */ text) => {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  writeFileSync(join(folder, to), text);
};

const build = packed();
for (const part of ["worker", "site", "server/site"]) put(join(PACKAGE, part), HOME + part);
put(join(PACKAGE, "server/image/health.js"), `${HOME}health.js`);
put(program(), `${HOME}workerd`);
for (const word of execFileSync("ldd", [program()], { encoding: "utf8" }).split(/\s/)) if (word.startsWith("/")) put(word, word);
put("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt");
write("/etc/passwd", `beckon:x:${USER}:${USER}::/data:/none\n`);
write("/etc/group", `beckon:x:${USER}:\n`);
write("/etc/nsswitch.conf", "hosts: files dns\n");
for (const place of ["data", "tmp"]) mkdirSync(join(folder, place), { recursive: true });
chmodSync(join(folder, "tmp"), 0o1777);

// All that may be set is read from the container's environment. What is not set there is as the Worker has it.
const set = [...Object.keys(build.worker.vars), ...SECRETS, "PROXIED"];
const config = configured(build, { ip: "*", port: PORT, objects: "/data", set });
write(`${HOME}beckon.capnp`, config.replaceAll(JSON.stringify(PACKAGE).slice(1, -1), HOME));
write(
  `${HOME}health.capnp`,
  `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "health", worker = .health),
    (name = "data", disk = (path = "/data", writable = true)),
    (name = "internet", network = (allow = ["local"])),
  ],
);

const health :Workerd.Worker = (
  modules = [(name = "health.js", esModule = embed "health.js")],
  compatibilityDate = "${build.worker.date}",
  bindings = [(name = "data", service = "data")],
);
`,
);
