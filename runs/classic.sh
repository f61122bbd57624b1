#!/usr/bin/env bash
# The classic drummer: note and ticks, LSTM(200), remembers a sequence of over 52,000 events.
#   runs/classic.sh GROOVE [FOLDER]     GROOVE: the dataset's folder or zip; some minutes on one core
set -euo pipefail
groove=${1:?name the folder or zip of the Groove MIDI Dataset}
folder=${2:-runs/out/classic}
export OMP_NUM_THREADS=1
paradiddle train drummer "$groove" -o "$folder" \
  --split train --beat-type beat --time-signature 4/4 --max-events 52000 \
  --no-velocity --hidden 200 --streams 32 --unroll 50 --lr 1e-2 --epochs 160 --seed 0
paradiddle evaluate drummer "$groove" --model "$folder/drummer.safetensors"
