/** SHA-256 of a text (FIPS 180-4): browsers offer their own only to pages served over https. */

const ROUNDS = 64;

/** @param {number} count the first prime numbers */
function primes(count) {
  /** @type {number[]} */
  const found = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** @type {(value: number) => number} the first 32 bits behind the point */
const fraction = (value) => Math.floor((value - Math.floor(value)) * 2 ** 32);
const CUBES = primes(ROUNDS).map((p) => fraction(Math.cbrt(p)));
const START = primes(8).map((p) => fraction(Math.sqrt(p)));

/** @type {(x: number, by: number) => number} */
const rotated = (x, by) => (x >>> by) | (x << (32 - by));

/**
 * @param {string} text
 * @returns {string} 64 hexadecimal digits
 */
export function sha256(text) {
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const state = Int32Array.from(START);
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block);
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * @param {Int32Array} state
 * @param {DataView} view
 * @param {number} block
 */
function compress(state, view, block) {
  const words = new Int32Array(ROUNDS);
  for (let t = 0; t < ROUNDS; t++) words[t] = t < 16 ? view.getInt32(block + 4 * t) : scheduled(words, t);
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < ROUNDS; t++) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + CUBES[t] + words[t]) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  [a, b, c, d, e, f, g, h].forEach((word, k) => (state[k] = (state[k] + word) | 0));
}

/** @param {Int32Array} words @param {number} t */
function scheduled(words, t) {
  const [x, y] = [words[t - 15], words[t - 2]];
  const s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
  const s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
  return (words[t - 16] + s0 + words[t - 7] + s1) | 0;
}
