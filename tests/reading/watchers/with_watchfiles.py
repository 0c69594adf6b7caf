"""watchfiles: with_watchfiles.py PATH"""

import sys

from watchfiles import watch

ready = False
for changes in watch(sys.argv[1], yield_on_timeout=True, rust_timeout=100):
    # It says nothing in vain for the first time when it watches.
    if not changes and not ready:
        ready = True
        print("ready", file=sys.stderr, flush=True)
    for change, path in changes:
        print(change.name, path, flush=True)
