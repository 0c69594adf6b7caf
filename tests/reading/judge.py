"""What each watcher sees of two rotations, in each layout: a table, compared with the one of docs/reading.md.

    judge.py AKV_SYNC FAKE_AZURE TOOLS

TOOLS has what was built and installed. With UPDATE_REFERENCE=1 the table of the page is written anew.
"""

import json
import os
import pathlib
import re
import sys
import tempfile
import time
from importlib.metadata import version

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from world import World, eventually  # noqa: E402

PAGE = HERE / "../../docs/reading.md"
BEGIN, END = "<!-- measured by tests/reading/run: begin -->\n", "<!-- measured by tests/reading/run: end -->\n"
# How long a watcher may take for an event that another watcher has seen already: the slowest polls each second.
GRACE = 2.5
PARTS = ("first at once", "first late", "second at once", "second late")

TOOLS = pathlib.Path(sys.argv[3])
WATCHERS = HERE / "watchers"
FILES, FOLDERS = ["file in the root", "file in a directory"], ["directory", "root"]


FSNOTIFY = re.search(r"fsnotify/fsnotify v(\S+)", (WATCHERS / "fsnotify/go.mod").read_text())[1]
CHOKIDAR = json.loads((HERE / "package.json").read_text())["dependencies"]["chokidar"]


def program(name):
    return [sys.executable, str(WATCHERS / name)]


# Each watcher: what the page calls it, its command, and what it can be asked to watch.
ALL = {
    "inotify (`inotifywait`)": ([str(WATCHERS / "inotifywait.sh")], FILES + FOLDERS),
    f"fsnotify {FSNOTIFY} (Go)": ([str(TOOLS / "fsnotify")], FILES + FOLDERS),
    "`fs.watch` (Node.js)": (["node", str(WATCHERS / "fs_watch.cjs")], FILES + FOLDERS),
    f"chokidar {CHOKIDAR} (Node.js)": (["node", str(WATCHERS / "chokidar.cjs")], FILES + FOLDERS),
    f"watchdog {version('watchdog')} (Python)": (program("with_watchdog.py"), FILES + FOLDERS),
    f"watchfiles {version('watchfiles')} (Python)": (program("with_watchfiles.py"), FILES + FOLDERS),
    "`WatchService` (Java)": (["java", "-cp", str(TOOLS), "WatchFolder"], FILES + FOLDERS),
    "polling with `stat`": (program("poll_stat.py"), FILES + FOLDERS),
    "`tail -F`": ([str(WATCHERS / "tail.sh")], FILES),
}


class Watcher:
    """One watcher of one place."""

    def __init__(self, world, name, command, place, path):
        self.name, self.place = name, place
        self.label = f"{name} on a {place}".replace("/", "-")
        self.out, self.said = world.work / f"{self.label}.out", world.work / f"{self.label}.log"
        with open(self.out, "wb") as out:
            self.child = world.start(self.label, [*command, path], stdout=out)

    def is_ready(self):
        # Those that say neither begin with the content of the file.
        return self.said.read_text().strip() in ("ready", "refused") or self.length() > 0

    def refuses(self):
        return self.said.read_text().strip() == "refused"

    def events(self, begin=0):
        """The events behind a place in its output, without those of the markers."""
        text = self.out.read_text()[begin:]
        return [line for line in text.splitlines() if "marker" not in line]

    def has_seen(self, marker):
        return marker in self.out.read_text()

    def length(self):
        return len(self.out.read_text())


class Scene:
    """A layout: two volumes, with a file in the root and one in a directory, and all watchers of them."""

    def __init__(self, world, layout):
        self.world, self.layout, self.events = world, layout, []
        self.home = world.work / layout
        self.home.mkdir()
        self.secrets = {"top": ("token", "token"), "deep": ("db-password", "db/password")}
        for name, (secret, _) in self.secrets.items():
            world.set_secret(secret, f"{layout} 0\n")
            self.manifest(name)
        self.programs = [world.run(f"{layout}-{name}", self.home / f"{name}.yaml") for name in self.secrets]
        deep = self.home / "deep"
        places = dict(zip(FILES + FOLDERS, [self.home / "top/token", deep / "db/password", deep / "db", deep]))
        self.root = deep
        self.watchers = [
            Watcher(world, name, command, place, places[place]) for name, (command, can) in ALL.items() for place in can
        ]
        for watcher in self.watchers:
            eventually(f"{watcher.label} watches", watcher.is_ready, explain=watcher.said.read_text)

    def manifest(self, name):
        secret, path = self.secrets[name]
        (self.home / f"{name}.yaml").write_text(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\n"
            f'vaults: [{{ name: app, url: "{self.world.vault}", trustedHosts: [localhost] }}]\n'
            f'volume: {{ path: "{self.home}/{name}", layout: {self.layout} }}\nrefresh: {{ interval: 24h }}\n'
            f"secrets: [{{ name: {secret}, path: {path} }}]\n"
        )

    def rotate(self, number):
        """The next versions are published."""
        for secret, _ in self.secrets.values():
            self.world.set_secret(secret, f"{self.layout} {number}\n")
        for child in self.programs:
            self.world.sync(child)
        for name, (_, path) in self.secrets.items():
            file = self.home / name / path
            eventually(f"{file} has version {number}", lambda: file.read_text() == f"{self.layout} {number}\n")

    def old_set_is_gone(self):
        return all(len(list((self.home / name).glob("..2*"))) == 1 for name in self.secrets)

    def settle(self, marker):
        """Everybody who watches the root has seen what happens now, and the others have had their time."""
        name = f"marker-{marker}"
        (self.root / name).touch()
        for watcher in self.watchers:
            if watcher.place == "root":
                eventually(f"{watcher.label} sees {name}", lambda: watcher.has_seen(name), explain=watcher.out.read_text)
        time.sleep(GRACE)

    def measure(self):
        """For each watcher, what it saw of each rotation: at once, and when the old files were removed."""
        seen = {watcher: [] for watcher in self.watchers}

        def part(marker, happens):
            begins = {watcher: watcher.length() for watcher in self.watchers}
            happens()
            self.settle(marker)
            for watcher, begin in begins.items():
                seen[watcher].append(watcher.events(begin))

        for number in (1, 2):
            part(f"{number}-at-once", lambda: self.rotate(number))
            if self.layout == "atomic":
                part(f"{number}-late", lambda: eventually("the old files are removed", self.old_set_is_gone))
            else:
                for parts in seen.values():
                    parts.append([])
        for watcher, parts in seen.items():
            self.events += [f"{self.layout}: {watcher.label}: {what}: {parts[at]}" for at, what in enumerate(PARTS)]
        return {(watcher.name, watcher.place): cell(watcher, parts) for watcher, parts in seen.items()}


def cell(watcher, parts):
    """What the page says of a watcher: which rotations it saw, and whether late."""
    if watcher.refuses():
        return "cannot"
    # At once and late, for each rotation.
    rotations = [parts[:2], parts[2:]]
    seen = [number for number, events in zip(("first", "second"), rotations) if any(events)]
    late = any(late and not at_once for at_once, late in rotations)
    text = {(): "neither", ("first", "second"): "both"}.get(tuple(seen), f"{''.join(seen)} only")
    if not all(by_name(watcher, at_once + late) for at_once, late in rotations if at_once or late):
        text += ", not by name"
    return text + (", late" if late else "")


def by_name(watcher, events):
    """Whether an event names what changed: the file, its directory, or the link by which everything changes at once."""
    return watcher.place != "root" or any(line.endswith(("password", "/db", " db", "..data")) for line in events)


def table(layout, cells):
    yield f"| `{layout}` | " + " | ".join(FILES + FOLDERS) + " |"
    yield "|---" * 5 + "|"
    for name in ALL:
        yield f"| {name} | " + " | ".join(cells.get((name, place), "cannot") for place in FILES + FOLDERS) + " |"


def main():
    measured, events = [], []
    # A memory volume, as in a pod.
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="akv-sync-reading-") as work:
        for layout in ("atomic", "flat"):
            home = pathlib.Path(work) / f"{layout}-world"
            home.mkdir()
            # The watchers of one layout end before those of the next begin: a user has 128 of inotify by default.
            with World(sys.argv[1], sys.argv[2], home) as world:
                scene = Scene(world, layout)
                measured += [*table(layout, scene.measure()), ""]
                events += scene.events
    (TOOLS / "events").write_text("\n".join(events) + "\n")
    text = "\n".join(measured).strip()
    print(text)
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    was, after = rest.split(END)
    if os.environ.get("UPDATE_REFERENCE"):
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n\n{END}{after}")
    elif was.strip() != text.strip():
        sys.exit(f"reading: docs/reading.md has another table; what was seen is in {TOOLS}/events; UPDATE_REFERENCE=1 writes it anew")


main()
