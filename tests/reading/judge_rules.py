"""Who refuses what: the rules of programs about links, owners and modes, as docs/reading.md has them.

    judge_rules.py AKV_SYNC FAKE_AZURE

A line for each check, and a closing line. `akv-sync` publishes every file that is judged.
"""

import pathlib
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from rules import nginx, openssh, postgresql  # noqa: E402
from world import World  # noqa: E402


class Rules:
    """Publishes what is judged, runs what judges it, and counts."""

    def __init__(self, world):
        self.world, self.work = world, world.work
        self.passed = self.failed = 0

    def publish(self, name, objects, volume=""):
        """The volume NAME with these objects; `volume` has more keys of the manifest's `volume`."""
        manifest = self.work / f"{name}.yaml"
        manifest.write_text(
            "apiVersion: akv-sync/v1\nkind: SyncManifest\n"
            f'vaults: [{{ name: app, url: "{self.world.vault}", trustedHosts: [localhost] }}]\n'
            f'volume: {{ path: "{self.work}/{name}", {volume} }}\n{objects}'
        )
        self.world.once(manifest, f"{name}-once")
        return self.work / name

    def accepts(self, name, found, expected):
        """A check whose name says what is expected."""
        self.check(f"{name} is {'accepted' if expected else 'refused'}", found, expected)

    def check(self, name, found, expected=True):
        if found == expected:
            self.passed += 1
            print(f"ok {name}")
        else:
            self.failed += 1
            print(f"FAILED {name}: {found!r}, not {expected!r}")

    @staticmethod
    def free_port():
        with socket.create_server(("127.0.0.1", 0)) as server:
            return server.getsockname()[1]

    @staticmethod
    def said(command, user=None, **options):
        """Whether a command succeeded, and what it said. `user` is a number; it gets the group 2000 and no other."""
        as_user = ["setpriv", f"--reuid={user}", "--regid=2000", "--clear-groups"] if user else []
        done = subprocess.run(
            [*as_user, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, **options
        )
        return done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")


def main():
    # Not below a directory that everybody may write to: OpenSSH looks at all of them.
    with tempfile.TemporaryDirectory(dir="/run", prefix="akv-sync-rules-") as work:
        pathlib.Path(work).chmod(0o755)
        with World(sys.argv[1], sys.argv[2], work) as world:
            rules = Rules(world)
            for module in (nginx, openssh, postgresql):
                module.judge(rules)
    print(f"{rules.passed} passed, {rules.failed} failed")
    sys.exit(rules.failed > 0)


main()
