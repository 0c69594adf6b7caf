#!/usr/bin/env bash
# `tail -F`, by coreutils. It prints the file once at the start, and what it finds new after that.
tail -F --lines=+1 -- "$1" | {
  read -r _ && echo ready >&2
  while read -r line; do echo "line $line"; done
}
