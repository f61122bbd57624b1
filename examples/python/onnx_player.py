"""Play an exported drummer: python onnx_player.py drummer-step.onnx drums.mid NOTES SEED."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def play(session, tables, notes, seed):
    """Draw notes one by one: rows of ticks since the last, pitch and velocity."""
    start, draws = np.random.default_rng([seed, 1]), np.random.default_rng(seed)
    layers, _, hidden = session.get_inputs()[1].shape
    h, c = start.uniform(-0.1, 0.1, (2, layers, 1, hidden)).astype(np.float32)  # a random memory
    sizes = [output.shape[1] for output in session.get_outputs()[:-2]]  # note, ticks[, velocity]
    event, elapsed, bar = start.integers(0, sizes), 0, tables["ticks_per_bar"]
    for uniforms in draws.random((notes, len(sizes))):
        read = [*event, elapsed % bar * tables["places"] // bar][: len(tables["fields"])]
        *fields, h, c = session.run(None, {"event": np.array([read]), "h_in": h, "c_in": c})
        rising = zip((field[0].cumsum() for field in fields), uniforms, strict=True)
        event = [int(sums.searchsorted(uniform * sums[-1], "right")) for sums, uniform in rising]
        elapsed += (ticks := tables["ticks"][event[1]])
        yield ticks, tables["notes"][event[0]], [*tables["velocities"], 0.8][[*event, -1][2]]


def midi(rows, qpm):
    """Write a Standard MIDI File by hand: one track, 480 ticks per quarter, channel 10."""
    track = b"\x00\xff\x51\x03" + round(60e6 / (qpm or 120)).to_bytes(3, "big")
    for ticks, pitch, velocity in rows:
        delta = [128 | ticks >> 14, 128 | ticks >> 7 & 127, ticks & 127]
        track += bytes([*delta, 0x99, pitch, max(1, round(velocity * 127))])
    return b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk%b%b\0\xff\x2f\0" % ((len(track) + 4).to_bytes(4), track)


if __name__ == "__main__":
    step, target, notes, seed = sys.argv[1:] if len(sys.argv) == 5 else sys.exit(__doc__)
    model = onnxruntime.InferenceSession(step, providers=["CPUExecutionProvider"])
    told = json.loads(model.get_modelmeta().custom_metadata_map["paradiddle"])
    Path(target).write_bytes(midi(play(model, told, int(notes), int(seed)), told["qpm"]))
