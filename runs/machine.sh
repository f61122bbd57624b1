#!/usr/bin/env bash
# Trains the drum machine that ships in paradiddle/models/ on the Groove train split. Run it again to go on.
#   runs/machine.sh GROOVE [FOLDER]     GROOVE: the dataset's folder or zip; about 26 minutes on one core
set -euo pipefail
groove=${1:?name the folder or zip of the Groove MIDI Dataset}
folder=${2:-runs/out/machine}
export OMP_NUM_THREADS=1
resume=()
[ ! -f "$folder/checkpoint.safetensors" ] || resume=(--resume)
paradiddle train machine "$groove" -o "$folder" "${resume[@]}" --seed 0 --half --bfloat16 \
  --attribution "Groove MIDI Dataset v1.0.0 (Gillick, Roberts, Engel, Eck, Bamman, 2019), CC BY 4.0, https://magenta.tensorflow.org/datasets/groove"
