// A room's link goes through mail filters, messengers and trackers before somebody opens it. Whatever they did to it, `join` finds the room that was
// meant, or says that the link is damaged; another room it never opens.
import assert from "node:assert/strict";
import fc from "fast-check";
import "./node-webrtc.mjs";
import { join } from "../../public/beckon.js";
import { chancy, TIMES } from "../seeds/seeds.mjs";

const test = chancy("links");
const RUNS = Math.ceil(3_000 * TIMES);
const SERVER = "https://beckon.example/";

/** The link of the room that is joined, or the code of the error. */
function joined(link) {
  try {
    return join(link, { signal: AbortSignal.abort() }).link;
  } catch (error) {
    return error.code ?? String(error);
  }
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const letters = (count, of = LETTERS) => fc.array(fc.constantFrom(...of), { minLength: count, maxLength: count }).map((all) => all.join(""));
const secrets = fc.tuple(letters(21), letters(1, "AQgw")).map((parts) => parts.join(""));

/** What is put before a fragment's secret, between the address and the fragment, and behind it all. */
const BEFORE = [
  "",
  "#",
  "/",
  "!/",
  "%23",
  "%2523",
  "<",
  "%3C",
  '"',
  "utm_source=mail&",
  "?fbclid=IwAR0abc&",
  "utm_source=a&utm_medium=b&",
  ...["utm_source=&", "?utm_source=a#", "utm_source=a#", "utm_source=a%23", "utm_source=a;", "utm_source=a%20", ":~:text=hello#"],
  ...["fbclid=#", "mc_eid=a;", "_hsenc=x%20", "utm_campaign=newsletter_november_2026&"],
  "\u200b",
  "%E2%80%8B",
  " ",
];
const QUERIES = [
  "",
  "?",
  "?relay-only",
  "?utm_source=mail&utm_id=AAAAAAAAAAAAAAAAAAAAAA",
  "?fbclid=IwAR0_AAAAAAAAAAAAAAAAAAAAAA",
  "?ref=https://news.example/",
  "?utm_content=%23promo",
  "?ref=https%3A%2F%2Fnews.example%2F%23part&a=b",
  "?x=100%",
];
const BEHIND = [
  "",
  ...[".", ",", ")", ">", '"', "'", ";", "!", "?", "]", "}", "*", "_", "--", "/", "\\", "|", " ", "\u00a0", "\u200b", "\ufeff", "…", "»", "。", "\r\n"],
  ...["%20", "%0A", "%C2%A0", "%E2%80%8B", "%2E", "%3E", "%22", "%252E", "%2520", "%", "%E2", "%25"],
  ...[").", ">,", '".', "&utm_source=x&utm_id=BBBBBBBBBBBBBBBBBBBBBB", "?fbclid=CCCCCCCCCCCCCCCCCCCCCC", "?utm_source=a#BBBBBBBBBBBBBBBBBBBBBB"],
  ...[":~:text=hello", "](https://other.example/#DDDDDDDDDDDDDDDDDDDDDA)", " and https://other.example/#DDDDDDDDDDDDDDDDDDDDDA", "=", "é"],
];

/** What a filter makes of a whole link. @type {Record<string, (link: string) => string>} */
const AS_A_WHOLE = {
  "as it is": (link) => link,
  "in angle brackets": (link) => `<${link}>`,
  "in quotes": (link) => `"${link}"`,
  "with words before": (link) => `Come: ${link}`,
  "with white space": (link) => ` \n${link}\t`,
  "in capitals": (link) => link.replace(SERVER, "HTTPS://BECKON.EXAMPLE/"),
  "with a port": (link) => link.replace(SERVER, "https://beckon.example:443/"),
  "its sign encoded": (link) => link.replaceAll("#", "%23"),
  "its sign encoded twice": (link) => link.replaceAll("#", "%2523"),
  "its sign encoded thrice": (link) => link.replaceAll("#", "%252523"),
  "in Outlook's": (link) =>
    `https://nam02.safelinks.protection.outlook.com/?url=${encodeURIComponent(link)}&data=05%7C01%7Cme%40x.example%7C3&sdata=BBBBBBBBBBBBBBBBBBBBBA%3D&reserved=0`,
  "in Google's": (link) => `https://www.google.com/url?q=${encodeURIComponent(link)}&sa=D&source=editors&ust=1790000000000000&usg=AOvVaw0BBBBBBBBBBBBBBBBBBBBA`,
  "in Facebook's": (link) => `https://l.facebook.com/l.php?u=${encodeURIComponent(link)}&h=BBBBBBBBBBBBBBBBBBBBBA`,
  "in one filter behind another": (link) => `https://one.example/?u=${encodeURIComponent(`https://two.example/?url=${encodeURIComponent(link)}&x=1`)}&y=2`,
  "in a path": (link) => `https://filter.example/redirect/${encodeURIComponent(link)}`,
};

const spelling = fc.record({
  before: fc.constantFrom(...BEFORE),
  query: fc.constantFrom(...QUERIES),
  behind: fc.constantFrom(...BEHIND),
  how: fc.constantFrom(...Object.keys(AS_A_WHOLE)),
});
/** A link in that spelling. Where its sign alone was encoded, another link in its query looks like what a filter stands around. */
const spelt = (secret, { before, query, behind, how }) => {
  const alone = how.startsWith("its sign");
  return AS_A_WHOLE[how](`${SERVER}${alone && /https|%23/.test(query) ? "" : query}#${before}${secret}${behind}`);
};

test("a link leads to its room, whatever became of it", (_, random) => {
  fc.assert(
    fc.property(secrets, spelling, (secret, how) => {
      const link = spelt(secret, how);
      const { origin, pathname, hash } = new URL(joined(link));
      assert.deepEqual([origin, pathname, hash], ["https://beckon.example", "/", `#${secret}`], link);
    }),
    { numRuns: RUNS, seed: random.below(2 ** 31) },
  );
});

test("each spelling by itself, and what comes of it is spelt as ever", () => {
  const secret = "abcdefghij-_ABCDEFGHIg";
  const plain = { before: "", query: "", behind: "", how: "as it is" };
  for (const before of BEFORE) assert.equal(joined(spelt(secret, { ...plain, before })), `${SERVER}#${secret}`, before);
  for (const behind of BEHIND) assert.equal(joined(spelt(secret, { ...plain, behind })), `${SERVER}#${secret}`, behind);
  for (const how of Object.keys(AS_A_WHOLE)) assert.equal(joined(spelt(secret, { ...plain, how })), `${SERVER}#${secret}`, how);
  assert.equal(joined(new URL(`${SERVER}?relay-only#${secret}.`)), `${SERVER}?relay-only#${secret}`);
  assert.equal(joined(`https://beckon.example/below/%23${secret}`), `https://beckon.example/below/#${secret}`);
});

test("a damaged link says so, and opens no other room", (_, random) => {
  const damages = fc.oneof(
    fc.integer({ min: 1, max: 21 }).map((count) => (secret) => secret.slice(0, count)),
    fc.integer({ min: 1, max: 21 }).map((count) => (secret) => secret.slice(count)),
    fc.integer({ min: 0, max: 21 }).map((at) => (secret) => secret.slice(0, at) + secret.slice(at + 1)),
    fc.tuple(fc.integer({ min: 0, max: 21 }), fc.constantFrom(..."+/=.~*é%$ ")).map(
      ([at, sign]) =>
        (secret) =>
          secret.slice(0, at) + sign + secret.slice(at + 1),
    ),
    letters(1, LETTERS.replace(/[AQgw]/g, "")).map((last) => (secret) => secret.slice(0, -1) + last),
    letters(1, LETTERS.replace(/[-_]/g, "")).map((more) => (secret) => secret + more),
    letters(3, LETTERS.replace(/[-_]/g, "")).map((more) => (secret) => more + secret),
    fc.constant(() => "."),
  );
  // A sign at the beginning or the end is no damage where 22 characters are left: there are never so many here.
  fc.assert(
    fc.property(secrets, damages, spelling, (secret, damage, how) => {
      const link = spelt(damage(secret), how);
      assert.equal(joined(link), "damaged-link", link);
    }),
    { numRuns: RUNS, seed: random.below(2 ** 31) },
  );
  for (const link of [
    "",
    "#",
    "nonsense",
    "https://",
    "https:",
    "beckon.example/#",
    "mailto:a@b.example",
    "https://beckon.example/#%",
    ...["#utm_source=a/", "#:~:text=x/", "#utm_source=a,", "#utm_source="].map((before) => `${SERVER}${before}abcdefghij-_ABCDEFGHIg`), // whose room is it?
    ...["#utm_abcdefghij-_ABC", "#abcdefghij=", "#utm_source=a&abcdefghij", "?relay-only%23abcdefghij", "?utm_content=sale%23abc"].map((rest) => SERVER + rest),
    // The sign was lost, or is another one.
    ...["?", "?relay-only&", "", "\uff03", "%EF%BC%83", "&num;", "&#35;x"].map((sign) => `${SERVER}${sign}abcdefghij-_ABCDEFGHIg`),
    "https://urldefense.com/v3/__https://beckon.example/*abcdefghij-_ABCDEFGHIg__;Iw!!ABC$",
    "/#AAAAAAAAAAAAAAAAAAAAAA",
  ]) {
    if (link !== "https:") assert.equal(joined(link), "damaged-link", link);
  }
});

test("a link without a fragment is a fresh room's, each time another", () => {
  for (const link of [
    SERVER,
    `${SERVER}#`,
    `${SERVER}?utm_source=AAAAAAAAAAAAAAAAAAAAAA`,
    `${SERVER}#:~:text=hello`,
    `${SERVER}#:~:text=hello%20world&text=again`,
    `${SERVER}#utm_source=a&utm_id=b`,
    `${SERVER}#utm_source=&utm_campaign=newsletter_november_2026`,
    `${SERVER}#utm_source=a:~:text=hello`,
    ...["fbclid=IwAR0abc", "gclid=x&utm_id=b", "_=_", "mc_cid=1&mc_eid=2", "xtor=RSS-1"].map((parameters) => `${SERVER}#${parameters}`),
    `${SERVER}?utm_content=%23sale`,
    `${SERVER}?a=b&utm_term=%2523sale,now`,
  ]) {
    const [one, two] = [joined(link), joined(link)];
    for (const room of [one, two]) assert.match(room, /#[\w-]{21}[AQgw]$/, link);
    assert.notEqual(one, two);
    assert.ok(!one.endsWith("AAAAAAAAAAAAAAAAAAAAAA"));
  }
});

test("no link takes long to read", () => {
  for (const piece of [
    "a=",
    "a=&",
    "?",
    "#",
    "%25",
    "%2525",
    "https:",
    "https://a/%23",
    "AAAAAAAAAAAAAAAAAAAAA",
    "-",
    "_",
    "&",
    "utm_a=&",
    "\u200b",
    " ",
    "(",
    "%E2%80%8B",
  ]) {
    const before = process.cpuUsage();
    for (const start of ["", SERVER, `${SERVER}#`, `${SERVER}%23`]) joined(start + piece.repeat(100_000 / piece.length));
    const { user } = process.cpuUsage(before);
    assert.ok(user < 2_000_000, `${piece}: ${user / 1_000} ms`);
  }
});
