// Ids come from keys, and names and faces from ids: pages under test make their keys from the seed as well.

/**
 * Runs in the page, once `getRandomValues` is seeded. WebCrypto makes no public key of a private one, so the curve's arithmetic is here: P-256,
 * y² = x³ - 3x + b, in Jacobian coordinates (SEC 1, 2.2.1; SEC 2, 2.4.2).
 */
export function seedKeys() {
  const subtle = globalThis.SubtleCrypto?.prototype;
  if (!subtle) return; // an insecure page
  const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const GENERATOR = [
    0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
    0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    1n,
  ];
  const mod = (value) => ((value % P) + P) % P;
  const double = ([x, y, z]) => {
    const [yy, zz] = [mod(y * y), mod(z * z)];
    const [s, m] = [mod(4n * x * yy), mod(3n * (x - zz) * (x + zz))];
    const across = mod(m * m - 2n * s);
    return [across, mod(m * (s - across) - 8n * yy * yy), mod(2n * y * z)];
  };
  const add = (one, other) => {
    if (!one) return other;
    const [[x1, y1, z1], [x2, y2, z2]] = [one, other];
    const [z11, z22] = [mod(z1 * z1), mod(z2 * z2)];
    const [u1, s1] = [mod(x1 * z22), mod(y1 * z22 * z2)];
    const [h, r] = [mod(x2 * z11 - u1), mod(y2 * z11 * z1 - s1)];
    const [hh, u1hh] = [mod(h * h), mod(u1 * h * h)];
    const x3 = mod(r * r - hh * h - 2n * u1hh);
    return [x3, mod(r * (u1hh - x3) - s1 * hh * h), mod(h * z1 * z2)];
  };
  const invert = (value) => {
    let [result, base] = [1n, value];
    for (let power = P - 2n; power; power >>= 1n) {
      if (power & 1n) result = mod(result * base);
      base = mod(base * base);
    }
    return result;
  };
  const publicOf = (scalar) => {
    let point;
    for (let bit = 255n; bit >= 0n; bit--) {
      if (point) point = double(point);
      if ((scalar >> bit) & 1n) point = add(point, GENERATOR);
    }
    const inverse = invert(point[2]);
    return [point[0] * inverse ** 2n, point[1] * inverse ** 3n].map(mod);
  };
  const coordinate = (number) => {
    const bytes = number.toString(16).padStart(64, "0").match(/../g);
    return btoa(String.fromCharCode(...bytes.map((byte) => parseInt(byte, 16))))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  };

  const { generateKey } = subtle;
  subtle.generateKey = async function (...given) {
    const [algorithm, extractable] = given;
    if (algorithm.name !== "ECDSA" || algorithm.namedCurve !== "P-256") return Reflect.apply(generateKey, this, given);
    const chance = crypto.getRandomValues(new Uint8Array(32)).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const scalar = 1n + (chance % (ORDER - 1n));
    const [x, y] = publicOf(scalar).map(coordinate);
    const key = { kty: "EC", crv: "P-256", x, y };
    return {
      privateKey: await this.importKey("jwk", { ...key, d: coordinate(scalar) }, algorithm, extractable, ["sign"]),
      publicKey: await this.importKey("jwk", key, algorithm, true, ["verify"]),
    };
  };
}
