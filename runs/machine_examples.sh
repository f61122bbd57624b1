#!/usr/bin/env bash
# What the drum machine that ships plays, as MIDI and sound: four bars in every style into examples/styles/,
# and a funk pattern whose kick and snare are kept while the rest is played as latin, with its picture.
#   runs/machine_examples.sh [SEED [FOLDER]]
set -euo pipefail
cd "$(dirname "$0")/.."
seed=${1:-1}
folder=${2:-examples/styles}
export OMP_NUM_THREADS=1
mkdir -p "$folder"
sounds=$(mktemp -d)
trap 'rm -rf "$sounds"' EXIT
for style in $(paradiddle styles | cut -d ' ' -f 1); do
  paradiddle generate --style "$style" --seed "$seed" \
    -o "$folder/$style.mid" -o "$sounds/$style.wav" > "$sounds/grid"
done
paradiddle generate --style funk --seed 7 -o examples/funk.mid > "$sounds/grid"
paradiddle fill examples/funk.mid --keep "kick, snare" --style latin --seed 3 \
  -o examples/funk-in-latin.mid -o examples/funk-in-latin.ogg > "$sounds/grid"
python runs/picture.py examples/funk-in-latin.mid docs/fill.png --kept "kick, snare"
# Vorbis at its smallest, so that all of them stay below 1.5 MB
python - "$sounds" "$folder" << 'PYTHON'
import sys
from pathlib import Path

import soundfile

for source in sorted(Path(sys.argv[1]).glob("*.wav")):
    target = Path(sys.argv[2], source.stem + ".ogg")
    with (
        soundfile.SoundFile(source) as sound,
        soundfile.SoundFile(
            target, "w", sound.samplerate, 2, "VORBIS", format="OGG", compression_level=1.0
        ) as file,
    ):
        for block in sound.blocks(8192, dtype="float32"):
            file.write(0.75 * block)  # decoders overshoot, at this setting by up to 28 %
PYTHON
du -ch --apparent-size "$folder"/* | tail -1
