#!/usr/bin/env bash
# Trains the drummer that ships in paradiddle/models/ on beats of the Groove train split: first to remember
# them, then to forget slips of its memory.
#   runs/drummer.sh GROOVE [FOLDER]     GROOVE: the dataset's folder or zip; about 25 minutes on one core
set -euo pipefail
groove=${1:?name the folder or zip of the Groove MIDI Dataset}
folder=${2:-runs/out/drummer}
export OMP_NUM_THREADS=1
trap 'exit 130' INT TERM # training itself saves and ends without an error

train() { # FOLDER OPTION...
  local resume=()
  [ ! -f "$1/checkpoint.safetensors" ] || resume=(--resume)
  paradiddle train drummer "$groove" -o "$1" "${resume[@]}" \
    --split train --beat-type beat --time-signature 4/4 --max-events 120000 \
    --hidden 288 --streams 48 --unroll 50 --seed 0 --half "${@:2}" \
    --attribution "Groove MIDI Dataset v1.0.0 (Gillick, Roberts, Engel, Eck, Bamman, 2019), CC BY 4.0, https://magenta.tensorflow.org/datasets/groove"
}

train "$folder/remembering" --lr 8e-3 --epochs 170
train "$folder" --lr 3e-3 --epochs 40 --steady 0.8 --start "$folder/remembering/drummer.safetensors"
paradiddle evaluate drummer "$groove" --model "$folder/drummer.safetensors"
