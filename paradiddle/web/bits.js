/** Numbers packed into bytes, most significant bit first. */

export function createWriter() {
  const bytes = [];
  let free = 0;

  /** @param {number} value @param {number} width up to 32 */
  function bits(value, width) {
    for (let bit = width - 1; bit >= 0; bit--) {
      if (!free) {
        bytes.push(0);
        free = 8;
      }
      free--;
      bytes[bytes.length - 1] |= ((value >>> bit) & 1) << free;
    }
  }

  function write(set, length, value) {
    const view = new DataView(new ArrayBuffer(length));
    view[set](0, value);
    for (const byte of new Uint8Array(view.buffer)) bits(byte, 8);
  }

  return {
    bits,
    float: (value) => write("setFloat32", 4, value),
    double: (value) => write("setFloat64", 8, value),
    bytes: () => Uint8Array.from(bytes),
  };
}

export function createReader(bytes) {
  let at = 0;
  const left = () => bytes.length * 8 - at;

  /** @param {number} width up to 32 */
  function bits(width) {
    if (width > left()) throw new Error("it ends too early");
    let value = 0;
    for (let bit = 0; bit < width; bit++, at++) {
      value = value * 2 + ((bytes[at >> 3] >> (7 - (at & 7))) & 1);
    }
    return value;
  }

  function view(length) {
    const raw = new DataView(new ArrayBuffer(length));
    for (let byte = 0; byte < length; byte++) raw.setUint8(byte, bits(8));
    return raw;
  }

  return {
    bits,
    float: () => view(4).getFloat32(0),
    double: () => view(8).getFloat64(0),
    /** Bits not yet read. */
    left,
  };
}
