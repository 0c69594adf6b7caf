#!/usr/bin/env bash
# `tail -F`, by coreutils. It prints the file once at the start, and what it finds new after that.
exec tail -F --lines=+1 -- "$1" 2>/dev/null
