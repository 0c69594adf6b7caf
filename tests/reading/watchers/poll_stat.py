"""Polls with stat, each 100 ms: poll_stat.py PATH

Of a directory it looks at the entries too. What it compares is what most programs compare: time of modification, size, inode.
"""

import os
import sys
import time


def seen(path):
    state = os.stat(path)
    return state.st_mtime_ns, state.st_size, state.st_ino


def look(path):
    if not os.path.isdir(path):
        return {path: seen(path)}
    found = {}
    for name in os.listdir(path):
        try:
            found[name] = seen(os.path.join(path, name))
        except FileNotFoundError:
            pass  # It went between the two calls.
    return found


before = look(sys.argv[1])
print("ready", file=sys.stderr, flush=True)
while True:
    time.sleep(0.1)
    after = look(sys.argv[1])
    for name in sorted({*before.items()} ^ {*after.items()}):
        print("changed", name[0], flush=True)
    before = after
