// Animated WebP: still pictures, one after the other, in one file that browsers play for ever (RFC 9649).

/** The chunks of a WebP file. @param {Buffer} file @returns {{ name: string, data: Buffer }[]} */
export function chunks(file) {
  if (file.toString("latin1", 0, 4) !== "RIFF" || file.toString("latin1", 8, 12) !== "WEBP") throw new Error("no WebP file");
  const found = [];
  for (let at = 12; at < file.length; ) {
    const length = file.readUInt32LE(at + 4);
    found.push({ name: file.toString("latin1", at, at + 4), data: file.subarray(at + 8, at + 8 + length) });
    at += 8 + length + (length % 2);
  }
  return found;
}

/** @param {string} name @param {...Buffer} parts */
function chunk(name, ...parts) {
  const data = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write(name, "latin1");
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

/** Numbers of three bytes each. @param {...number} numbers */
function triples(...numbers) {
  const data = Buffer.alloc(3 * numbers.length);
  numbers.forEach((number, n) => data.writeUIntLE(number, 3 * n, 3));
  return data;
}

/** VP8X: the file is an animation. ANMF: a frame replaces what was there, and is not blended with it. */
const ANIMATION = 0x02;
const REPLACE = 0x02;

/**
 * Puts opaque pictures of one size together.
 * @param {number} width
 * @param {number} height
 * @param {{ picture: Buffer, ms: number }[]} frames  WebP files, and how long each is shown
 */
export function animate(width, height, frames) {
  const shown = frames.map(({ picture, ms }) => {
    const image = chunks(picture).filter(({ name }) => /^VP8[ L]$/.test(name));
    return chunk("ANMF", triples(0, 0, width - 1, height - 1, ms), Buffer.from([REPLACE]), ...image.map(({ name, data }) => chunk(name, data)));
  });
  const forever = Buffer.alloc(6);
  return chunk("RIFF", Buffer.from("WEBP"), chunk("VP8X", Buffer.from([ANIMATION, 0, 0, 0]), triples(width - 1, height - 1)), chunk("ANIM", forever), ...shown);
}
