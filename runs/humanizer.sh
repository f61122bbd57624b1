#!/usr/bin/env bash
# Trains the humanizer that ships in paradiddle/models/ on the Groove train split. Run it again to go on.
#   runs/humanizer.sh GROOVE [FOLDER]     GROOVE: the dataset's folder or zip; about 25 minutes on a busy core
set -euo pipefail
groove=${1:?name the folder or zip of the Groove MIDI Dataset}
folder=${2:-runs/out/humanizer}
export OMP_NUM_THREADS=1
resume=()
[ ! -f "$folder/checkpoint.safetensors" ] || resume=(--resume)
paradiddle train humanizer "$groove" -o "$folder" "${resume[@]}" --seed 0 --half --bfloat16 \
  --attribution "Groove MIDI Dataset v1.0.0 (Gillick, Roberts, Engel, Eck, Bamman, 2019), CC BY 4.0, https://magenta.tensorflow.org/datasets/groove"
