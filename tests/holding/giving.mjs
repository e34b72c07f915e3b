// A file that goes from page to page while their link is cut, and what it costs both pages in memory.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seeded } from "../seeds/chance.mjs";

const MB = 1e6;
/** What is written at a time, in bytes. */
const BLOCK_BYTES = 1024 * 1024;
/** How often memory is looked at, in ms. */
const LOOK_MS = 100;
/** Nothing may stand still for so long, in ms: Chromium alone waits 15 s before it gives up a path. */
const PATIENCE_MS = 60_000;

/** Answers what is posted with its hash, as hexadecimal digits. */
export async function hashed(request, response) {
  const hash = createHash("sha256");
  for await (const data of request) hash.update(data);
  response.end(hash.digest("hex"));
}

/** A file of so many bytes, none of whose blocks is like another. */
export function makeFile(size) {
  const folder = mkdtempSync(join(tmpdir(), "beckon-"));
  const path = join(folder, "large.bin");
  const block = Buffer.from(seeded(1).bytes(BLOCK_BYTES));
  const file = openSync(path, "w");
  const hash = createHash("sha256");
  for (let at = 0; at < size; at += BLOCK_BYTES) {
    block.writeUInt32LE(at / BLOCK_BYTES);
    const part = block.subarray(0, Math.min(BLOCK_BYTES, size - at));
    writeSync(file, part);
    hash.update(part);
  }
  closeSync(file);
  return { path, size, hash: hash.digest("hex"), remove: () => rmSync(folder, { recursive: true }) };
}

/** The processes below one. @param {number} first */
function below(first) {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => [Number(pid), Number(/^\d+ \(.*\) \S (\d+)/s.exec(tried(`/proc/${pid}/stat`))?.[1])]);
  const found = [first];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** A file of the kernel's; nothing for a process that has ended. */
function tried(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The memory of a browser's pages, and of all the rest of it, in bytes. @param {number} program its first process */
function memoryOf(program) {
  const sum = { pages: 0, rest: 0 };
  for (const pid of below(program)) {
    const isPage = /--type=renderer|-contentproc.* tab$/s.test(tried(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim());
    sum[isPage ? "pages" : "rest"] += 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(tried(`/proc/${pid}/status`))?.[1] ?? 0);
  }
  return sum;
}

/** Looks at the memory of browsers until it is asked how much more than at first it was at most. @param {number[]} programs */
function watchMemory(programs) {
  const rest = programs.map(memoryOf);
  const most = rest.map((memory) => ({ ...memory }));
  const timer = setInterval(() => {
    for (const [n, program] of programs.entries()) {
      const { pages, rest } = memoryOf(program);
      Object.assign(most[n], { pages: Math.max(most[n].pages, pages), rest: Math.max(most[n].rest, rest) });
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    return most.map(({ pages, rest: other }, n) => ({ page: (pages - rest[n].pages) / MB, browser: (other - rest[n].rest) / MB }));
  };
}

/**
 * Runs in a page that has a room: what it gives and takes is kept there.
 * @param {string} how to reach the room
 */
function prepare(how) {
  const room = new Function(`return ${how}`)();
  const input = Object.assign(document.createElement("input"), { type: "file", id: "file" });
  document.body.append(input);
  const taking = { room, received: 0, data: undefined, wake: () => {} };
  Object.assign(globalThis, { taking });
  room.addEventListener("incoming", ({ incoming }) =>
    incoming.addEventListener("progress", () => {
      taking.received = incoming.received;
      taking.wake();
    }),
  );
  room.addEventListener("message", ({ data }) => {
    if (!(data instanceof File)) return;
    taking.data = data;
    taking.wake();
  });
}

/**
 * A page that gives or takes.
 * @typedef {object} Hand
 * @property {string} name
 * @property {import('puppeteer-core').Page} page
 * @property {number} program the first process of its browser
 */

/** Makes a page ready. @param {Hand} hand @param {string} how to reach the room there */
export async function openHand(hand, how) {
  await hand.page.evaluate(prepare, how);
  return hand;
}

/** Waits in a page, for as long as something comes. @param {Hand} hand @param {(...args: any[]) => unknown} check @param {unknown[]} args */
async function patiently({ page }, check, ...args) {
  const script = `(${look})(${check}, ${JSON.stringify(args)}, ${PATIENCE_MS})`;
  for (;;) {
    const answer = await page.evaluate(script);
    assert.notEqual(answer, "nothing", `nothing came for ${PATIENCE_MS} ms`);
    if (answer) return;
  }
}

/** Runs in the page. It answers in time, as no question may last for long. */
async function look(check, args, patience) {
  const { taking } = /** @type {any} */ (globalThis);
  for (const end = performance.now() + patience / 2; performance.now() < end; ) {
    if (check(...args)) return "yes";
    const came = await Promise.race([
      new Promise((resolve) => (taking.wake = () => resolve("something"))),
      new Promise((resolve) => setTimeout(resolve, patience, "nothing")),
    ]);
    if (came === "nothing") return check(...args) ? "yes" : came;
  }
  return "";
}

/**
 * Gives a file from one to the other, over a link that is cut so many times, at both ends at once.
 * @param {Hand} from @param {Hand} to
 * @param {ReturnType<typeof makeFile>} file
 * @param {number} cuts
 */
export async function give(from, to, file, cuts) {
  const began = Date.now();
  const input = await from.page.$("#file");
  await /** @type {any} */ (input).uploadFile(file.path);
  const memory = watchMemory([from.program, to.program]);
  await to.page.evaluate(() => Object.assign(/** @type {any} */ (globalThis).taking, { received: 0, data: undefined }));
  await from.page.evaluate(() => {
    const { taking } = /** @type {any} */ (globalThis);
    const [file] = /** @type {any} */ (document.getElementById("file")).files;
    taking.progress = [];
    taking.fate = "";
    const onProgress = (arrived, size) => {
      taking.progress.push([arrived, size]);
      taking.wake();
    };
    taking.room.peers[0]
      .send(file, { onProgress })
      .then(
        () => (taking.fate = "arrived"),
        (why) => (taking.fate = `${why.code ?? why.name} ${why.message}`),
      )
      .then(() => taking.wake());
  });
  for (let cut = 1; cut <= cuts; cut++) {
    const at = (file.size * cut) / (cuts + 1);
    await patiently(to, (at) => /** @type {any} */ (globalThis).taking.received >= at, at);
    await Promise.all([from, to].map(({ page }) => page.evaluate(() => /** @type {any} */ (globalThis).taking.room.peers[0].connection?.close())));
  }
  await patiently(from, () => /** @type {any} */ (globalThis).taking.fate);
  assert.equal(await from.page.evaluate(() => /** @type {any} */ (globalThis).taking.fate), "arrived");
  const took = (Date.now() - began) / 1000;
  const progress = await from.page.evaluate(() => /** @type {any} */ (globalThis).taking.progress);
  assert.deepEqual(progress.at(-1), [file.size, file.size]);
  const costs = memory();
  const { hash, name, size } = await to.page.evaluate(async () => {
    const { data } = /** @type {any} */ (globalThis).taking;
    /** @type {any} */ (globalThis).taking.data = undefined;
    const answer = await fetch(location.pathname, { method: "POST", body: data });
    return { hash: await answer.text(), name: data.name, size: data.size };
  });
  assert.deepEqual({ hash, name, size }, { hash: file.hash, name: "large.bin", size: file.size });
  const [ours, theirs] = costs.map(({ page, browser }) => `${page.toFixed(0)} MB above its rest (the rest of the browser ${browser.toFixed(0)} MB)`);
  console.log(`# ${(file.size / MB).toFixed(0)} MB from ${from.name} to ${to.name}, cut ${cuts} times, in ${took.toFixed(1)} s`);
  console.log(`#   the page of ${from.name}: ${ours}`);
  console.log(`#   the page of ${to.name}: ${theirs}`);
  return costs;
}

/** The messages of a reader that is slow: so many bytes each, and in all; and what a sender has under way at most, as a peer takes 16 MiB. */
const MESSAGE_BYTES = 128_000;
const ALL_BYTES = 100 * MB;
const UNDER_WAY_BYTES = 15 * MB;

/** Runs in the page that reads: it reads the first message, and then none until it is told. */
function readSlowly() {
  const { taking } = /** @type {any} */ (globalThis);
  const { room } = taking;
  const slow = { come: 0, read: 0, most: 0, go: () => {} };
  taking.slow = slow;
  const told = new Promise((resolve) => (slow.go = () => resolve(undefined)));
  room.onrequest = () => slow.come;
  room.addEventListener("message", ({ data }) => {
    slow.come += data.byteLength ?? 0;
    slow.most = Math.max(slow.most, slow.come - slow.read);
  });
  (async () => {
    for await (const { data } of room) {
      await told;
      slow.read += data.byteLength ?? 0;
      taking.wake();
    }
  })();
}

/** Runs in the page that sends, as much as may be under way. @param {number} size @param {number} all @param {number} underWay */
function sendMuch(size, all, underWay) {
  const { taking } = /** @type {any} */ (globalThis);
  const [peer] = taking.room.peers;
  const fast = { sent: 0, arrived: 0, heldBack: -1, fate: "" };
  taking.fast = fast;
  let wake = () => {};
  (async () => {
    while (fast.sent < all) {
      while (fast.sent - fast.arrived + size > underWay) {
        // What is asked comes after all that was sent: then the other page has all of it, and has confirmed what it will.
        if (fast.heldBack < 0) {
          await peer.request("have you got it?");
          fast.heldBack = fast.arrived;
          taking.wake();
        }
        await new Promise((resolve) => (wake = () => resolve(undefined)));
      }
      fast.sent += size;
      const arrived = () => {
        fast.arrived += size;
        wake();
        taking.wake();
      };
      peer.send(new Uint8Array(size)).then(arrived, ({ code }) => (fast.fate = code));
    }
  })();
}

/** One sends as quickly as it may, and the other does not read until the sender stands still. @param {Hand} from @param {Hand} to */
export async function giveSlowly(from, to) {
  const memory = watchMemory([from.program, to.program]);
  await to.page.evaluate(readSlowly);
  await from.page.evaluate(sendMuch, MESSAGE_BYTES, ALL_BYTES, UNDER_WAY_BYTES);
  await patiently(from, () => /** @type {any} */ (globalThis).taking.fast.heldBack >= 0);
  const { heldBack } = await from.page.evaluate(() => /** @type {any} */ (globalThis).taking.fast);
  assert.ok(heldBack < 2 * MB, `${heldBack} bytes count as arrived that nobody has read`);
  await to.page.evaluate(() => /** @type {any} */ (globalThis).taking.slow.go());
  await patiently(from, (all) => /** @type {any} */ (globalThis).taking.fast.arrived >= all, Math.ceil(ALL_BYTES / MESSAGE_BYTES) * MESSAGE_BYTES);
  const { fate } = await from.page.evaluate(() => /** @type {any} */ (globalThis).taking.fast);
  assert.equal(fate, "");
  const { most } = await to.page.evaluate(() => /** @type {any} */ (globalThis).taking.slow);
  assert.ok(most <= UNDER_WAY_BYTES + 2 * MB, `${most} bytes waited to be read`);
  const costs = memory();
  const [ours, theirs] = costs.map(({ page }) => `${page.toFixed(0)} MB`);
  console.log(
    `# ${ALL_BYTES / MB} MB to a slow reader, from ${from.name} (${ours} above its rest) to ${to.name} (${theirs}): ${(most / MB).toFixed(1)} MB waited at most`,
  );
  return costs;
}
