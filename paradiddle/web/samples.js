/**
 * The sounds of the kit: fetched and decoded as they come, the nearest one standing in meanwhile.
 *
 * @typedef {(slug: string, layer: number) => Promise<ArrayBuffer>} FetchSound
 * @typedef {{decodeAudioData(bytes: ArrayBuffer): Promise<AudioBuffer>}} Decoder
 */

import { V, VOICES } from "./pattern.js";

const LAYERS = 3;

const FIRST_OF_LAYER = [0, 0.3, 0.7]; // the layers were struck at 0.1, 0.5 and 0.9: the nearest plays
const AT_ONCE = 4;

export const slugOf = (name) => name.replaceAll(" ", "-");

export const layerOf = (velocity) => FIRST_OF_LAYER.findLastIndex((from) => velocity >= from);

/** @param {Decoder} decoder @param {FetchSound} fetchSound */
export function createSamples(decoder, fetchSound) {
  const buffers = new Map();
  let loading = null;

  async function fetchOne(voice, layer) {
    const bytes = await fetchSound(slugOf(VOICES[voice]), layer);
    buffers.set(`${voice}/${layer}`, await decoder.decodeAudioData(bytes));
  }

  async function fetchAll(tell) {
    // the middle layer of every voice first: then all of the kit can be heard
    const wanted = [1, 2, 0].flatMap((layer) => VOICES.map((_, voice) => ({ voice, layer })));
    const missing = wanted.filter(({ voice, layer }) => !buffers.has(`${voice}/${layer}`));
    let failed = 0;
    const work = async () => {
      for (let next = missing.shift(); next; next = missing.shift()) {
        await fetchOne(next.voice, next.layer).catch(() => failed++);
        tell(buffers.size, V * LAYERS);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return { loaded: buffers.size, failed };
  }

  return {
    /** Fetch what is missing; never fails, and may be asked again.
     * @param {(loaded: number, all: number) => void} [tell] */
    load(tell = () => {}) {
      loading ??= fetchAll(tell).finally(() => (loading = null));
      return loading;
    },
    /** The sound for a velocity, or the nearest there is. @param {number} voice @param {number} velocity */
    find(voice, velocity) {
      const wanted = layerOf(velocity);
      const near = [0, 1, 2].sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted));
      return near.map((layer) => buffers.get(`${voice}/${layer}`)).find(Boolean) ?? null;
    },
    get ready() {
      return buffers.size === V * LAYERS;
    },
  };
}
