/**
 * A document as a short string for a link, and back to exactly the same music.
 *
 * Bytes: version, bars, split, qpm (float64), swing (float64), 27 bits of locked, muted and soloed
 * rows, one bit per cell that is struck, one bit per hit that a machine played, the velocities, the
 * offsets, a checksum (FNV-1a, 32 bits) of all before it; in base64url. Velocities and offsets are
 * float32, bit for bit: the distinct ones, then for each hit the number of its own.
 */

import { createReader, createWriter } from "./bits.js";
import { MAX_BARS, MAX_QPM, MAX_SWING, MIN_QPM, MIN_SWING, STEPS_PER_BAR, V, makeCell, makeDoc } from "./pattern.js";

const VERSION = 1;
const CHECKSUM_BYTES = 4;
const LONGEST = 20_000; // characters; eight bars with every cell struck need fewer
const FLAGS = /** @type {const} */ (["locked", "muted", "soloed"]);

export function encode(doc) {
  const out = createWriter();
  out.bits(VERSION, 8);
  out.bits(doc.steps / STEPS_PER_BAR, 8);
  out.bits(doc.split, 8);
  out.double(doc.qpm);
  out.double(doc.swing);
  for (const name of FLAGS) for (const on of doc[name]) out.bits(Number(on), 1);
  const struck = doc.cells.filter((cell) => cell !== null);
  for (const cell of doc.cells) out.bits(cell ? 1 : 0, 1);
  for (const { by } of struck) out.bits(by === "machine" ? 1 : 0, 1);
  writeFloats(out, struck.map(({ velocity }) => velocity));
  writeFloats(out, struck.map(({ offset }) => offset));
  const body = out.bytes();
  return toBase64(new Uint8Array([...body, ...checksum(body)]));
}

export function decode(text) {
  const bytes = fromBase64(text);
  if (bytes.length <= CHECKSUM_BYTES) throw damaged("it is too short");
  if (bytes[0] !== VERSION) {
    throw new Error(`this link is of version ${bytes[0]}; this page reads version ${VERSION}`);
  }
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  const sum = bytes.subarray(-CHECKSUM_BYTES);
  if (checksum(body).some((byte, index) => byte !== sum[index])) {
    throw damaged("it was cut short or changed");
  }
  try {
    return readDoc(createReader(body.subarray(1)));
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : String(error));
  }
}

const damaged = (why) => new Error(`this link is damaged: ${why}; ask for it again`);

function readDoc(input) {
  const bars = within("bars", input.bits(8), 1, MAX_BARS);
  const steps = bars * STEPS_PER_BAR;
  const split = within("split", input.bits(8), 0, steps);
  const qpm = within("qpm", input.double(), MIN_QPM, MAX_QPM);
  const swing = within("swing", input.double(), MIN_SWING, MAX_SWING);
  const flags = FLAGS.map(() => Array.from({ length: V }, () => input.bits(1) === 1));
  const struck = Array.from({ length: steps * V }, () => input.bits(1) === 1);
  const hits = struck.filter(Boolean).length;
  const players = Array.from({ length: hits }, () => (input.bits(1) ? "machine" : "you"));
  const velocities = readFloats(input, hits, 0, 1);
  const offsets = readFloats(input, hits, -0.5, 0.5);
  if (input.left() >= 8) throw new Error("it holds more than a pattern");
  let at = 0;
  const cells = struck.map((on) => {
    if (!on) return null;
    const cell = makeCell(velocities[at], offsets[at], players[at]);
    at++;
    return cell;
  });
  const [locked, muted, soloed] = flags;
  return makeDoc({ cells, steps, qpm, swing, locked, muted, soloed, split });
}

function within(name, value, low, high) {
  if (!(value >= low && value <= high)) throw new Error(`${name} ${value} is not in [${low}, ${high}]`);
  return value;
}

function writeFloats(out, values) {
  const distinct = [...new Set(values)];
  const numbers = new Map(distinct.map((value, number) => [value, number]));
  const width = widthOf(distinct.length);
  const worth = distinct.length * 32 + values.length * width < values.length * 32;
  out.bits(worth ? distinct.length : 0, 16);
  for (const value of worth ? distinct : values) out.float(value);
  if (worth) for (const value of values) out.bits(numbers.get(value), width);
}

function readFloats(input, count, low, high) {
  const distinct = input.bits(16);
  const one = () => within("a number", input.float(), low, high);
  if (!distinct) return Array.from({ length: count }, one);
  const table = Array.from({ length: within("a table", distinct, 1, count) }, one);
  const width = widthOf(distinct);
  return Array.from({ length: count }, () => {
    const value = table[input.bits(width)];
    if (value === undefined) throw new Error("a hit has no number");
    return value;
  });
}

/** Bits that number so many things. */
const widthOf = (count) => (count > 1 ? 32 - Math.clz32(count - 1) : 0);

/** FNV-1a. */
function checksum(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return [24, 16, 8, 0].map((shift) => (hash >>> shift) & 255);
}

function toBase64(bytes) {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64(text) {
  if (typeof text !== "string" || !text) throw damaged("it is empty");
  if (text.length > LONGEST) throw damaged(`it has ${text.length} characters, at most ${LONGEST} are read`);
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw damaged("it holds characters no link has");
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    throw damaged("it was cut short");
  }
}
