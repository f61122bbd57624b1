#!/usr/bin/env bash
# The pieces in examples/ and the picture of the README, with the drummer that ships.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p examples
seed=${1:-95}
paradiddle drum --seconds 40 --seed "$seed" -o examples/demo.mid -o examples/demo.ogg
paradiddle drum --random --seconds 40 --seed "$seed" -o examples/random.mid -o examples/random.ogg
python runs/picture.py examples/demo.mid docs/drums.png --first-bar 3 --bars 4
