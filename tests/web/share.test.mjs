import assert from "node:assert/strict";
import { test } from "node:test";
import { createReader, createWriter } from "../../paradiddle/web/bits.js";
import { setBars } from "../../paradiddle/web/edits.js";
import { emptyDoc, fromPattern, makeCell, makeDoc } from "../../paradiddle/web/pattern.js";
import { decode, encode } from "../../paradiddle/web/share.js";
import { fixture, random, randomDoc, whole } from "./helpers.mjs";

const LINE = /^this link (is damaged|is of version)[^\n]*$/;

/** Decoding either gives a document or one line, and soon: by its own time, not that of a busy machine. */
function survives(text) {
  const started = process.cpuUsage();
  let told = null;
  try {
    decode(text);
  } catch (error) {
    told = error;
  }
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 250_000);
  if (told) assert.match(told.message, LINE);
  return told !== null;
}

test("any document comes back bit for bit", () => {
  const draw = random(8);
  for (let round = 0; round < 150; round++) {
    const doc = randomDoc(draw);
    const text = encode(doc);
    assert.match(text, /^[A-Za-z0-9_-]+$/);
    assert.deepEqual(decode(text), doc);
  }
});

test("the music of the fixture comes back, and its link is short", () => {
  const doc = fromPattern(fixture());
  assert.deepEqual(decode(encode(doc)), doc);
  assert.ok(encode(doc).length < 400, `${encode(doc).length} characters`);
  assert.ok(encode(emptyDoc(1)).length < 80);
});

test("eight bars with every cell struck stay under 8 KB of link", () => {
  const draw = random(9);
  const empty = emptyDoc(8);
  const full = makeDoc({
    ...empty,
    cells: empty.cells.map(() =>
      makeCell((1 + whole(draw, 127)) / 127, (whole(draw, 120) - 60) / 120, draw() < 0.5 ? "you" : "machine"),
    ),
  });
  const text = encode(full);
  assert.ok(text.length < 8000, `${text.length} characters`);
  assert.deepEqual(decode(text), full);
});

test("even numbers that all differ can be read back, at any length", () => {
  const full = randomDoc(random(10), { bars: 8, share: 1 });
  assert.deepEqual(decode(encode(full)), full);
});

test("a document comes back frozen", () => {
  const doc = decode(encode(randomDoc(random(11))));
  assert.ok(Object.isFrozen(doc) && Object.isFrozen(doc.cells) && Object.isFrozen(doc.muted));
  assert.ok(doc.cells.every((cell) => cell === null || Object.isFrozen(cell)));
});

test("a link of another version says so", () => {
  const bytes = Buffer.from(encode(emptyDoc(1)), "base64url");
  bytes[0] = 2;
  assert.throws(() => decode(bytes.toString("base64url")), /of version 2; this page reads version 1/);
});

test("every cut of a link is refused", () => {
  const text = encode(fromPattern(fixture()));
  for (let length = 0; length < text.length; length++) {
    assert.ok(survives(text.slice(0, length)), `cut to ${length}`);
  }
});

test("every flipped bit is refused", () => {
  const bytes = Buffer.from(encode(fromPattern(fixture())), "base64url");
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    assert.ok(survives(flipped.toString("base64url")), `bit ${bit}`);
  }
});

/** Bytes with the checksum they need, so that what lies behind it is tested too. */
function signed(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(hash >>> 0);
  return Buffer.concat([bytes, sum]).toString("base64url");
}

test("bytes with a right checksum but wrong contents give one line or a whole document", () => {
  const draw = random(12);
  const good = Buffer.from(encode(fromPattern(fixture())), "base64url").subarray(0, -4);
  assert.equal(survives(signed(good)), false);
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    let bytes = Buffer.from(good);
    for (let change = 0; change <= whole(draw, 4); change++) bytes[whole(draw, bytes.length)] = whole(draw, 256);
    if (draw() < 0.3) bytes = bytes.subarray(0, 1 + whole(draw, bytes.length));
    if (draw() < 0.1) bytes = Buffer.concat([bytes, Buffer.alloc(whole(draw, 40))]);
    refused += Number(survives(signed(bytes)));
  }
  assert.ok(refused > 1000, `${refused} refused`);
});

test("what is no link at all is refused in a line", () => {
  const draw = random(13);
  const odd = ["", "=", "#", "p=", "%00", "\u0000", "é", "a", "A".repeat(1e6), "A".repeat(19_999), " ".repeat(50)];
  for (const text of [...odd, null, undefined, 5, {}]) assert.ok(survives(text), String(text).slice(0, 9));
  for (let round = 0; round < 2000; round++) {
    const length = whole(draw, 300);
    survives(Array.from({ length }, () => String.fromCharCode(whole(draw, 128))).join(""));
    const bytes = Buffer.from(Array.from({ length }, () => whole(draw, 256)));
    assert.ok(survives(bytes.toString("base64url")));
  }
});

test("bits are written and read in order", () => {
  const out = createWriter();
  out.bits(5, 3);
  out.float(Math.fround(0.1));
  out.bits(0xffffffff, 32);
  out.double(Math.PI);
  const input = createReader(out.bytes());
  assert.deepEqual([input.bits(3), input.float(), input.bits(32), input.double()], [
    5, Math.fround(0.1), 0xffffffff, Math.PI,
  ]);
  assert.throws(() => input.bits(8), /ends too early/);
});

test("a document that was made longer is shared like any other", () => {
  const long = setBars(emptyDoc(1), 3);
  assert.ok(long.cells.every((cell) => cell === null));
  assert.deepEqual(decode(encode(long)), long);
});
