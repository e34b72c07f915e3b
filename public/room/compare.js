// A fingerprint as four emoji, to be read aloud: 24 bits of it. The digits are all of it.

// Things that look like nothing else here, and that people call by one word; Unicode 9 (2016) has them all.
const THINGS = (
  "🍎 🍌 🍇 🍒 🍓 🍍 🍋 🍄 🌽 🍞 🧀 🥚 🍕 🍪 🎂 🍭 ☕ 🌳 🌵 🌹 🌻 🍀 🍁 🌙 ⭐ ☀️ ☁️ ☂️ ⛄ 🔥 🌊 🌈 " +
  "🏠 ⛺ 🏰 🚗 🚌 🚲 🚂 ✈️ 🚀 ⛵ ⚓ 🎈 🎁 🎩 👑 👓 👟 👗 🔑 🔔 🔨 ✂️ ✏️ 📖 💡 🕯️ ⏰ 📷 🎸 🎺 🥁 🎲 ⚽ 🏆"
).split(" ");

/** @param {string} fingerprint hexadecimal digits in groups */
export function emoji(fingerprint) {
  const bits = Number.parseInt(fingerprint.replaceAll(" ", "").slice(0, 6), 16);
  return [18, 12, 6, 0].map((shift) => THINGS[(bits >> shift) & 63]).join(" ");
}
