"""Runs the examples, each in a machine of its own: judge.py AKV_SYNC FAKE_AZURE TARGET [EXAMPLE...]

It has a network, mounts and processes that nobody else sees (`run` makes them). So the examples keep their paths, ports and names: the
fake Azure is `contoso-app.vault.azure.net` and `login.microsoftonline.com` here.
"""

import pathlib
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import files  # noqa: E402
import identities  # noqa: E402
import programs  # noqa: E402
import servers  # noqa: E402
import yaml  # noqa: E402
from example import EXAMPLES, Example  # noqa: E402
from world import World  # noqa: E402

# Run by other tiers: nginx in a pod by tests/cluster, these two by `cargo run --example`.
ELSEWHERE = {"nginx", "speed"}
SCENES = servers.SCENES | programs.SCENES | identities.SCENES | files.SCENES
SECRETS = {
    "db-password": "a password",
    "session-key": "first session key, of some length",
    "api-key": "an api key",
    "keystore-password": "a password of letters",
}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, timeout=10)


def machine(work):
    """Names and addresses of Azure, in this network alone."""
    subprocess.run(["ip", "addr", "add", "169.254.169.254/32", "dev", "lo"], check=True, timeout=10)
    hosts = work / "hosts"
    hosts.write_text("127.0.0.1 localhost contoso-app.vault.azure.net login.microsoftonline.com web.contoso.com\n")
    mount("--bind", hosts, "/etc/hosts")


def judge(world, name):
    folder = EXAMPLES / name
    # What an example writes is in memory and empty at its start.
    for place in ("/mnt", "/run"):
        mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", place)
    work = world.work / name
    work.mkdir()
    with world.scope():
        example = Example(world, name, folder, work)
        manifests = [path for path in sorted(folder.glob("*.yaml")) if is_manifest(path)]
        for path in manifests:
            example.check(path)
        assert "\nCI " in (folder / "README.md").read_text(), "README.md does not say what CI runs"
        SCENES[name](example)


def is_manifest(path):
    return (yaml.safe_load(path.read_text().split("\n---")[0]) or {}).get("kind") == "SyncManifest"


def main():
    program, fake, target, *chosen = sys.argv[1:]
    there = {path.name for path in EXAMPLES.iterdir() if path.is_dir()} - ELSEWHERE
    assert there == set(SCENES), f"no scene, or no example: {sorted(there ^ set(SCENES))}"
    failed = 0
    with tempfile.TemporaryDirectory(prefix="akv-sync-examples-") as work:
        work = pathlib.Path(work)
        work.chmod(0o755)
        machine(work)
        options = ["--https", "127.0.0.1:443", "--imds", "169.254.169.254:80"]
        with World(program, fake, work, *options, vault="contoso-app") as world:
            world.target = pathlib.Path(target)
            for name, value in SECRETS.items():
                world.set_secret(name, value)
            for name in ("web-tls", "db-tls", "daemon-app"):
                # Of an authority, with an intermediate and a root.
                world.make_certificate(name, key={"kty": "RSA", "keySize": 2048})
            for name in chosen or sorted(SCENES):
                try:
                    judge(world, name)
                    print(f"ok {name}", flush=True)
                except Exception:
                    failed += 1
                    print(f"FAILED {name}: {traceback.format_exc()}", flush=True)
    print(f"{len(chosen or SCENES) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
