#!/usr/bin/env bash
# inotify, by Debian's inotify-tools. Without `open` and `access`, which every reader causes.
exec inotifywait --monitor --format '%e %f' --event modify,attrib,create,delete,delete_self,move,move_self -- "$1" 2> >(
  sed --unbuffered -n 's/^Watches established.*/ready/p' >&2)
