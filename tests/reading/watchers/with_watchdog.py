"""watchdog: with_watchdog.py PATH"""

import sys
import threading

from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer


class Printer(FileSystemEventHandler):
    def on_any_event(self, event):
        # Every reader causes the first two. The third only says of a directory what another event says of a file in it.
        if event.event_type in ("opened", "closed_no_write") or (event.event_type == "modified" and event.is_directory):
            return
        print(event.event_type, event.dest_path or event.src_path, flush=True)


observer = Observer()
observer.schedule(Printer(), sys.argv[1])
observer.start()
print("ready", file=sys.stderr, flush=True)
threading.Event().wait()
