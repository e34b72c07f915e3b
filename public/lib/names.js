// A friendly name, an animal and a hue from a peer's id: the same on every device, without asking anyone.
import { plain } from "./plain.js";

/** Each begins with a capital: spaces between them would weigh something. @type {string[]} */
const ADJECTIVES =
  (
    "AgileBraveBreezyBrightBubblyCalmCandidCarefulCheerfulCleverCosmicCosyCuriousDapperDaringDashingDeftDreamyEagerEarly" +
    "EarnestFabledFairFamousFearlessFestiveFleetFluentFriendlyGallantGentleGladHappyHardyHelpfulHonestHumbleJauntyJollyKeen" +
    "KindLivelyLoyalLuckyMellowMerryMightyNeatNimbleNoblePatientPeppyPluckyPoliteProudQuickQuietSunnySwiftTidyTrustyUpbeat" +
    "WittyZesty"
  ).match(/[A-Z][a-z]+/g) ?? [];

// Faces that Unicode 12 (2019) has, so that phones of today can draw them; no animal that is an insult anywhere we know.
/** @type {string[]} */
const ANIMALS =
  (
    "Wolf🐺Fox🦊Raccoon🦝Cat🐱Lion🦁Tiger🐯Leopard🐆Horse🐴Unicorn🦄Zebra🦓Deer🦌Ox🐂Buffalo🐃Ram🐏Sheep🐑Goat🐐Camel🐫Llama🦙" +
    "Giraffe🦒Elephant🐘Rhino🦏Mouse🐭Hamster🐹Rabbit🐰Chipmunk🐿️Hedgehog🦔Bat🦇Bear🐻Koala🐨Panda🐼Sloth🦥Otter🦦Kangaroo🦘" +
    "Badger🦡Rooster🐓Penguin🐧Dove🕊️Eagle🦅Duck🦆Swan🦢Owl🦉Flamingo🦩Peacock🦚Parrot🦜Frog🐸Crocodile🐊Turtle🐢Lizard🦎Dragon🐲" +
    "Dinosaur🦕Whale🐳Dolphin🐬Pufferfish🐡Shark🦈Octopus🐙Snail🐌Butterfly🦋Bee🐝Ladybird🐞Cricket🦗Crab🦀Lobster🦞Squid🦑Fish🐠"
  ).match(/[A-Z][a-z]+\W+/g) ?? [];

/** Longest name, in UTF-16 units: what people count as a character has no limit. */
const NAME_UNITS = 128;

/**
 * The name, face and hue of an id when nobody says otherwise. `hue` is in degrees; its 24 steps are far enough apart to tell. style.css gives it a
 * lightness that keeps a contrast of 4.5:1 or more, light and dark.
 * @param {string} id
 * @returns {{ name: string, face: string, hue: number }}
 */
export function persona(id) {
  const hash = mix(id);
  const animal = ANIMALS[(hash >>> 6) & 63] ?? "";
  const word = /^\w*/.exec(animal)?.[0] ?? "";
  return { name: `${ADJECTIVES[hash & 63]} ${word}`, face: animal.slice(word.length), hue: ((hash >>> 12) % 24) * 15 };
}

/** The hash of somebody's key, which is the id, for two people to compare. @param {string} id */
export const fingerprint = (id) => id.replace(/(.{4})\B/g, "$1 ");

/** What people count as one character is, near enough, one with its marks, or several that are joined. */
const CHARACTER = /\p{RI}{2}|[^](?:\p{M}|\u200d[^])*/gu;
/** A name has so many of them. */
const NAME_CHARACTERS = 32;

/**
 * A name as someone else wrote it, made fit to show: on one line, in one direction, not long.
 * @param {unknown} text
 * @returns {string} empty when nothing is left
 */
export function cleanName(text) {
  if (typeof text !== "string") return "";
  const name = plain(text.slice(0, NAME_UNITS));
  return (/[^\p{C}\p{M} ]/u.test(name) && name.match(CHARACTER)?.slice(0, NAME_CHARACTERS).join("").trim()) || "";
}

/**
 * FNV-1a (32 bits) with MurmurHash3's finish, so that ids that differ in one character differ in every bit.
 * @param {string} text
 */
function mix(text) {
  let hash = 0x811c9dc5;
  for (const unit of text) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
