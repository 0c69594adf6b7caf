#!/bin/sh
# Compares the files of the CSI driver with those of akv-sync, and shows no value: compare.sh OLD NEW
set -eu
old=${1:-/mnt/secrets-store} new=${2:-/mnt/akv} different=0
for file in "$old"/*; do
  name=${file##*/}
  if [ ! -e "$new/$name" ]; then
    echo "missing: $name"
    different=1
  elif cmp -s "$file" "$new/$name"; then
    echo "same: $name"
  else
    echo "different: $name"
    different=1
  fi
done
exit "$different"
