"""Play an exported drummer: python onnx_player.py drummer-step.onnx drums.mid NOTES SEED."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def play(session, tables, notes, seed):
    """Yield ticks since the note before, pitch and velocity of one note after the other."""
    start, draws = np.random.default_rng([seed, 1]), np.random.default_rng(seed)
    layers, _, hidden = session.get_inputs()[1].shape
    h, c = start.uniform(-0.1, 0.1, (2, layers, 1, hidden)).astype(np.float32)  # a random memory
    sizes = [len(tables[name]) for name in ("notes", "ticks", "velocities") if tables[name]]
    event = start.integers(0, sizes).tolist()  # heard by the network, not played
    elapsed, bar = 0, tables["ticks_per_bar"]
    for uniforms in draws.random((notes, len(sizes))):
        if tables["places"]:
            event.append(elapsed % bar * tables["places"] // bar)
        *fields, h, c = session.run(None, {"event": np.array([event]), "h_in": h, "c_in": c})
        event = [draw(field[0], uniform) for field, uniform in zip(fields, uniforms, strict=True)]
        ticks = tables["ticks"][event[1]]
        elapsed += ticks
        velocity = tables["velocities"][event[2]] if tables["velocities"] else 0.8
        yield ticks, tables["notes"][event[0]], velocity


def draw(probabilities, uniform):
    """Index at which the rising sum of probabilities passes a uniform random number."""
    rising = probabilities.cumsum()
    return int(rising.searchsorted(uniform * rising[-1], "right"))


def midi(rows, qpm):
    """Write a Standard MIDI File by hand: one track, 480 ticks per quarter, channel 10."""
    track = b"\x00\xff\x51\x03" + round(60e6 / (qpm or 120)).to_bytes(3, "big")
    for ticks, pitch, velocity in rows:
        delta = [128 | (ticks >> 14), 128 | (ticks >> 7 & 127), ticks & 127]  # 7 bits a byte
        track += bytes([*delta, 0x99, pitch, max(1, round(velocity * 127))])
    track += b"\x00\xff\x2f\x00"
    return b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk" + len(track).to_bytes(4, "big") + track


if __name__ == "__main__":
    step, target, notes, seed = sys.argv[1:] if len(sys.argv) == 5 else sys.exit(__doc__)
    model = onnxruntime.InferenceSession(step, providers=["CPUExecutionProvider"])
    told = json.loads(model.get_modelmeta().custom_metadata_map["paradiddle"])
    if told["bidirectional"]:
        sys.exit(f"{step} also reads backwards, what is to come: it cannot play event by event")
    Path(target).write_bytes(midi(play(model, told, int(notes), int(seed)), told["qpm"]))
