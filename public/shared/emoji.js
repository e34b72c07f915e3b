/** @type {boolean | undefined} */
let drawn;

/** Whether this device has a font that draws emoji. */
export function hasEmoji() {
  if (drawn !== undefined) return drawn;
  const pen = document.createElement("canvas").getContext("2d");
  const width = (/** @type {string} */ text) => pen?.measureText(text).width;
  return (drawn = width("🦊") !== width("\u{10fffd}")); // a private character that no font draws
}
