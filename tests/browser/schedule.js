// Runs in a page: two members of one room, made of the library's own parts (sealed channel, peer, connection, delivery), on real
// RTCPeerConnections, with a server and a road between them that do what a seeded schedule says.
import { makeKeys } from "/lib/keys.js";
import { openSealedChannel } from "/lib/sealed-channel.js";
import { openServerLimit } from "/lib/rate-limit.js";
import { readMessage } from "/lib/parse.js";
import { openPeer } from "/lib/peer.js";
import { deriveKeys, freshEpoch, freshSecret } from "/lib/seal.js";
import { seeded } from "/chance.mjs";

/** The library's clock runs this much faster than the page's, so that a schedule that needs its deadlines takes seconds. */
const SPEED = 10;
/** How long the two may take in the end, in ms of the page. */
const SETTLE_MS = 25_000;
/** Between two looks at a pair, in ms of the page. A page that stands still, on a machine that has much to do, looks once and not often. */
const TURN_MS = 5;
/**
 * In more turns than these should nobody wait for a deadline alone, with nothing under way, on a road that loses nothing by itself. Honestly
 * the two wait for an offer that does not come (CALL_MS in reconnect.js: 60 turns at most, for the library's clock runs faster), a restart, or a
 * moment until a connection is made anew: of 1,200 schedules, with two busy neighbours and without, the worst took 60 turns, and most 2. A mistake waits for a
 * connection's deadline, of 300. A busy machine makes turns longer, and never more of them.
 */
const MAX_IDLE_TURNS = 120;
/** While there is trouble, in ms of the page: a connection takes about 30. */
const TROUBLE_MS = 400;

const later = window.setTimeout.bind(window);
const clock = performance.now.bind(performance);
Object.assign(window, { setTimeout: (work, wait = 0, ...rest) => later(work, wait / SPEED, ...rest) });
performance.now = () => clock() * SPEED;
const pause = (wait) => new Promise((done) => later(done, wait));
const keys = await deriveKeys(freshSecret());
/** Who the two sides are. */
const members = await Promise.all([0, 1].map(async () => (await makeKeys()).keys));
const idOf = (/** @type {number} */ side) => members[side]?.id ?? "";

/**
 * How much each connection has begun and not done yet, and the browser's cryptography, whoever it is for.
 * @type {WeakMap<object, number>}
 */
const begun = new WeakMap();
function countBegun(type, ...methods) {
  for (const method of methods) {
    const real = type[method];
    type[method] = function (...args) {
      const add = (more) => void begun.set(this, (begun.get(this) ?? 0) + more);
      const promise = real.apply(this, args);
      add(1);
      promise.then(
        () => add(-1),
        () => add(-1),
      );
      return promise;
    };
  }
}
countBegun(SubtleCrypto.prototype, "encrypt", "decrypt", "digest");
countBegun(RTCPeerConnection.prototype, "setLocalDescription", "setRemoteDescription", "addIceCandidate", "getStats");

/** Whether two connections are each other's ends, know enough to meet, and have not met yet. */
function meeting(one, two) {
  const userName = (description) => /^a=ice-ufrag:(\S+)/m.exec(description?.sdp ?? "")?.[1] ?? NaN; // equals nothing
  const knows = (mine, theirs) => userName(mine.remoteDescription) === userName(theirs.localDescription);
  const mayAsk = ({ remoteDescription }) => /^a=candidate:/m.test(remoteDescription.sdp); // one is enough: the other learns from that
  const met = ({ connectionState, sctp }) => connectionState === "connected" && sctp?.state === "connected";
  return knows(one, two) && knows(two, one) && (mayAsk(one) || mayAsk(two)) && !(met(one) && met(two));
}

/** What the schedule with this seed wants: everything that is left to chance is drawn here or by `road`. */
function draw(seed) {
  const random = seeded(seed);
  const moment = () => random.below(TROUBLE_MS);
  const side = () => random.below(2);
  const bad = random.below(3) === 0;
  const trouble = ["cut", "cut", "deploy", "return", "reload", "crash", "restart", "restarts", "broken", "retry"];
  return {
    /** Who is called by whom, and how much later. */
    start: random.pick(["newcomer", "both", "crossing"]),
    crossing: random.below(60),
    /** Through the sealed channel, which opens what is sealed in order and once; or not, so that peers see what it would refuse. */
    sealed: random.below(2) === 0,
    smooth: !bad,
    /** Delay on the way to each side, and how much that varies. */
    delay: [0, 1].map(() => random.pick([0, 0, 3, 15, 40, 90])),
    jitter: random.pick([0, 5, 40]),
    /** The fates of introductions: lost, doubled, late. */
    lost: bad ? 0.06 : 0,
    doubled: bad ? 0.1 : 0,
    late: bad ? 0.15 : 0,
    /** Whether the server keeps what is for somebody who is away. */
    keeps: random.below(2) === 0,
    roads: [0, 1].map((to) => seeded(seed * 2 + to)),
    troubles: Array.from({ length: random.pick([0, 0, 1, 1, 2, 3]) }, () => ({
      at: moment(),
      what: random.pick(trouble),
      who: side(),
      wait: random.pick([0, 5, 30, 100, 300]),
    })),
    clicks: Array.from({ length: 12 }, () => ({ at: moment(), who: side() })),
  };
}

/** Runs one schedule; says what went wrong, or nothing. */
export async function run(seed) {
  const plan = draw(seed);
  const began = clock();
  const log = [];
  const note = (line) => log.push(`${Math.round(clock() - began)} ${line}`);
  note(JSON.stringify({ ...plan, roads: undefined }));
  const clicks = [];
  /** What belongs to a page load is put in by `load`. @type {Record<string, any>[]} */
  const sides = [0, 1].map((me) => ({ me, loads: 0, up: false, online: false, road: Promise.resolve(), socket: 0, kept: [], heard: [] }));
  const other = (side) => sides[1 - side.me];
  /** How many frames are on their way. */
  let onRoad = 0;

  /** A page load: what beckon.js does around the parts. */
  function load(side) {
    const name = `${side.me}.${++side.loads}`;
    const epoch = freshEpoch();
    side.state = { sent: 0 };
    side.peer = null;
    side.name = name;
    side.channel = openSealedChannel({
      keys,
      mine: members[side.me],
      epoch,
      transmit: (_dst, type, payload) => side.name === name && say(side, type, payload),
      isConnected: () => side.peer?.isConnected ?? false,
      onMessage: (_src, message, theirs, proven) => side.name === name && know(side).receiveSealed(message, theirs, proven),
      onRefused: (_src, reason) => note(`${name} refused what is ${reason}`),
    });
    side.heard.push({ name, texts: [] });
    const { texts } = side.heard.at(-1);
    side.meet = () => {
      const peer = openPeer({
        id: idOf(1 - side.me),
        me: idOf(side.me),
        epoch,
        ice: () => ({ iceServers: [], refused: [], degraded: false, until: 0 }),
        connect: () => new RTCPeerConnection(),
        isOnline: () => side.online && side.name === name,
        card: () => ({ name: "" }),
        state: side.state,
        sendSealed: (message) =>
          plan.sealed ? side.channel.send(idOf(1 - side.me), kind(message), message) : say(side, kind(message), { message: JSON.stringify(message), epoch }),
        onData: (text, type) => type === undefined && texts.push(text),
        mayUseServer: openServerLimit(),
        whenRead: (_, act) => act(),
        care: () => import("/lib/path-care.js"),
        onLeft: () => (note(`${name}: the other has left`), side.peer === peer && (side.peer = null)),
      });
      peer.handle.addEventListener("state", () => note(`${name}: ${peer.handle.state} ${peer.handle.path}`));
      return peer;
    };
  }
  const know = (side) => (side.peer ??= side.meet());

  /** What a side tells the server, if its socket is up. */
  function say(from, type, payload) {
    if (!from.online) return;
    const to = other(from);
    const fate = plan.roads[to.me].next();
    const text = `${from.name} ${type} ${typeof payload === "string" ? "" : payload.message.replace(/"sdp":"[^"]*"/, "").slice(0, 160)}`;
    const arrive = () => {
      note(text);
      if (plan.sealed) to.channel.receive(idOf(from.me), payload);
      else know(to).receiveSealed(readMessage(JSON.parse(payload.message)), payload.epoch, true); // as the sealed channel reads it
    };
    if (fate < plan.lost) return note(`lost: ${text}`);
    if (fate < plan.lost + plan.late) {
      onRoad++;
      return later(() => (onRoad--, to.online && arrive()), 20 + plan.roads[to.me].below(150));
    }
    const waits = type !== "MESSAGE" && plan.keeps;
    deliver(to, arrive, waits);
    if (fate > 1 - plan.doubled) deliver(to, arrive, waits);
  }

  /** In order, to the socket that is there now; if there is none, it is kept or lost. */
  function deliver(to, arrive, waits) {
    const { socket } = to;
    if (!to.up) return waits && to.kept.push(arrive);
    const delay = pause(plan.delay[to.me] + plan.roads[to.me].below(plan.jitter + 1));
    onRoad++;
    to.road = to.road.then(() => delay).then(() => (onRoad--, to.socket === socket && arrive()));
  }

  /** Its socket opens, as far as the server knows: `quietly` if the server had not noticed that the last one was gone. */
  function open(side, quietly = false) {
    side.up = true;
    side.socket++;
    const present = other(side).up;
    deliver(side, () => {
      side.online = true;
      note(`${side.name} is online`);
      if (!present) side.peer?.socketGone(false);
      else if (side.peer) side.peer.serverIsBack();
      else know(side).call();
    });
    for (const arrive of side.kept.splice(0)) deliver(side, arrive);
    if (present && !quietly) news(other(side), () => know(other(side)).expectOffer());
  }

  /** What the server says about the other: heard after what came before. */
  function news(to, act) {
    const { name } = to;
    deliver(to, () => to.channel.after(`${1 - to.me}`, () => to.name === name && act()));
  }

  /** Its socket is gone: `goodbye` if it said so. */
  function cut(side, { quietly = false, goodbye = false } = {}) {
    if (!side.up) return;
    note(`${side.name} is cut`);
    side.up = side.online = false;
    side.socket++;
    if (!quietly && other(side).up) news(other(side), () => other(side).peer?.socketGone(goodbye));
  }

  function click({ who }) {
    const { peer, name } = sides[who];
    if (!peer) return;
    const entry = { from: name, to: sides[1 - who].name, text: `${name}:${clicks.length}`, fate: "open" };
    clicks.push(entry);
    peer.handle.send(entry.text).then(
      () => (entry.fate = "arrived"),
      () => (entry.fate = "left"),
    );
  }

  const pretend = async (side, wait) => {
    const pc = side.peer?.handle.connection;
    if (!side.peer?.isConnected || !pc) return;
    Object.defineProperty(pc, "connectionState", { value: "disconnected", configurable: true });
    pc.onconnectionstatechange?.();
    side.peer.retry(); // restarts at once
    await pause(wait);
    delete pc.connectionState;
    pc.onconnectionstatechange?.();
  };
  const happenings = {
    /** A socket is cut, and comes back later. */
    cut: async (side, wait) => (cut(side), await pause(wait), side.up || open(side)),
    /** The server closes every socket; they come back in any order. */
    deploy: async (side, wait) => {
      for (const each of sides) cut(each);
      await Promise.all([side, other(side)].map(async (each, at) => (await pause(at * wait), each.up || open(each))));
    },
    /** A socket comes back before the server has noticed that it was gone. */
    return: async (side, wait) => side.up && (cut(side, { quietly: true }), await pause(Math.min(wait, 30)), side.up || open(side, true)),
    /** The page is loaded anew, and says goodbye. */
    reload: async (side, wait) => {
      side.peer?.leave();
      cut(side, { goodbye: true });
      load(side);
      await pause(wait);
      if (!side.up) open(side);
    },
    /** The page is gone without a word, and opened again. */
    crash: async (side, wait) => {
      const unnoticed = side.up;
      side.peer?.close();
      cut(side, { quietly: true });
      load(side);
      await pause(wait);
      if (!side.up) open(side, unnoticed);
    },
    /** The path is lost, as far as one side knows, or both. */
    restart: pretend,
    restarts: (_side, wait) => Promise.all(sides.map((each) => pretend(each, wait))),
    /** The connection is closed under the library: the other side sees a channel that closed. */
    broken: async (side) => side.peer?.isConnected && side.peer.handle.connection.close(),
    retry: async (side) => side.peer?.retry(),
  };

  for (const side of sides) load(side);
  if (plan.start === "newcomer") sides.forEach((side) => open(side));
  else {
    sides[0].up = sides[1].up = true;
    for (const side of sides) side.online = true;
    know(sides[0]).call();
    later(() => know(sides[1]).call(), plan.start === "both" ? 0 : plan.crossing);
  }
  const under = plan.troubles.map(async ({ at, what, who, wait }) => {
    await pause(at);
    note(`${sides[who].name}: ${what} ${wait}`);
    await happenings[what](sides[who], wait);
  });
  await Promise.all([...under, ...plan.clicks.map(async (each) => (await pause(each.at), click(each)))]);
  plan.lost = plan.late = plan.doubled = 0;
  note("the trouble is over");
  const over = clock();

  const settled = () =>
    sides.every((side) => side.online && side.peer?.handle.state === "open" && side.peer.isConnected) &&
    clicks.every(({ from, fate }) => fate !== "open" || !sides.some(({ name }) => name === from));
  const underWay = () => {
    const [one, two] = sides.map(({ peer }) => peer?.handle.connection);
    return onRoad > 0 || [crypto.subtle, one, two].some((each) => begun.get(each) > 0) || (one && two && meeting(one, two));
  };
  /** Turns in which the two waited for a deadline alone. */
  let idle = 0;
  const within = async () => {
    let last = clock();
    for (const end = last + SETTLE_MS; clock() < end; await pause(TURN_MS)) {
      if (settled()) return true;
      if (clock() - last < TURN_MS) continue; // no turn of its own: the page had stood still, and catches up
      last = clock();
      if (!underWay()) idle++;
    }
    return false;
  };
  let trouble = "";
  const settledAt = (await within()) && clock();
  if (!settledAt) trouble = "not both open, or a click not settled";
  else {
    for (const who of [0, 1]) click({ who });
    if (!(await within())) trouble = "open, but nothing arrives";
    else trouble = judge(sides, clicks);
  }
  note(JSON.stringify({ clicks, heard: sides.map(({ heard }) => heard) }));
  for (const { peer } of sides) peer?.close();
  const took = settledAt ? Math.round(settledAt - over) : SETTLE_MS;
  // Where nothing is lost but with a cut socket, nothing should have to wait for a connection's deadline.
  if (!plan.smooth) idle = 0;
  else if (idle > MAX_IDLE_TURNS) trouble ||= `connected late: ${idle} turns in which nothing was under way`;
  return { seed, trouble, idle, took, clicks: clicks.length, log: trouble ? log : [] };
}

/** Once and in order at each page load; what was confirmed was heard. */
function judge(sides, clicks) {
  for (const { heard } of sides) {
    for (const { name, texts } of heard) {
      for (const from of new Set(texts.map((text) => text.split(":")[0]))) {
        const numbers = texts.filter((text) => text.startsWith(`${from}:`)).map((text) => Number(text.split(":")[1]));
        if (numbers.some((number, at) => at > 0 && number <= numbers[at - 1])) return `${name} heard from ${from} ${numbers}`;
      }
    }
  }
  const all = sides.flatMap(({ heard }) => heard.flatMap(({ texts }) => texts));
  const back = clicks.find(({ from, fate }) => fate === "left" && sides.some(({ name }) => name === from));
  if (back) return `click ${back.text} was given back`;
  const lost = clicks.find(({ text, fate }) => fate === "arrived" && !all.includes(text));
  return lost ? `click ${lost.text} arrived, but nobody heard it` : "";
}

/**
 * As peers.js names a frame.
 * @param {{ description?: any, candidate?: any }} message
 */
function kind({ description, candidate }) {
  return description?.type.toUpperCase() ?? (candidate ? "CANDIDATE" : "MESSAGE");
}
