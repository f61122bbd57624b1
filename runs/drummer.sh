#!/usr/bin/env bash
# Trains the drummer that ships in paradiddle/models/ on beats of the Groove train split.
#   runs/drummer.sh GROOVE [FOLDER]     GROOVE: the dataset's folder or zip; about 12 minutes on one core
set -euo pipefail
groove=${1:?name the folder or zip of the Groove MIDI Dataset}
folder=${2:-runs/out/drummer}
export OMP_NUM_THREADS=1
resume=()
[ ! -f "$folder/checkpoint.safetensors" ] || resume=(--resume)
paradiddle train drummer "$groove" -o "$folder" "${resume[@]}" \
  --split train --beat-type beat --time-signature 4/4 --max-events 120000 \
  --hidden 288 --streams 48 --unroll 50 --lr 8e-3 --epochs 170 --seed 0 --half \
  --attribution "Groove MIDI Dataset v1.0.0 (Gillick, Roberts, Engel, Eck, Bamman, 2019), CC BY 4.0, https://magenta.tensorflow.org/datasets/groove"
paradiddle evaluate drummer "$groove" --model "$folder/drummer.safetensors"
