#!/bin/sh
# Train the drum machine that comes with the package: about an hour on one core that multiplies in
# bfloat16 by itself, twice that on one that does not. Stop it when you like; run it again to go on.
#
#     runs/machine.sh GROOVE [FOLDER]
#
# GROOVE is the Groove MIDI Dataset, as a folder or a zip archive; see `paradiddle corpus fetch`.
set -eu
groove=$1
folder=${2:-runs/machine}
resume=
if [ -s "$folder/checkpoint.safetensors" ]; then resume=--resume; fi
export OMP_NUM_THREADS=1
exec paradiddle train machine "$groove" -o "$folder" --half --bfloat16 $resume \
    --attribution "Groove MIDI Dataset v1.0.0 (Gillick, Roberts, Engel, Eck, Bamman, 2019), CC BY 4.0"
