"""One example that runs, and what its scene can do with it."""

import pathlib
import ssl
import subprocess
import sys

from world import eventually

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
VOLUME = pathlib.Path("/mnt/akv")


class Example:
    def __init__(self, world, name, folder, work):
        self.world, self.name, self.folder, self.work = world, name, folder, work

    def said(self, command, **options):
        """What a command says; it has to succeed."""
        command = list(map(str, command))
        options = {"stdin": subprocess.DEVNULL, "timeout": 60, "cwd": self.work, **options}
        done = subprocess.run(command, capture_output=True, **options)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return done.stdout.decode()

    def check(self, manifest):
        """`check` has nothing to say."""
        environment = {"AZURE_KEYVAULT_RESOURCEENDPOINT": self.world.vault}
        done = subprocess.run([self.world.program, "check", manifest], capture_output=True, timeout=30, env=environment)
        text = (done.stdout + done.stderr).decode()
        assert done.returncode == 0 and "warning" not in text, text

    def start(self, name, command, **options):
        return self.world.start(f"{self.name}/{name}", command, **{"cwd": self.work, **options})

    def log(self, name):
        return self.world.log(f"{self.name}/{name}")

    def run(self, manifest="manifest.yaml", **options):
        """`akv-sync run`, which stays."""
        self.program = self.world.run(f"{self.name}/run", self.folder / manifest, **options)

    def once(self, manifest="manifest.yaml", **options):
        path = manifest if isinstance(manifest, pathlib.Path) else self.folder / manifest
        self.world.once(path, f"{self.name}/once", **options)

    def sync(self):
        self.world.sync(self.program)

    def set_secret(self, name, value, file):
        """A new version, which is in its file."""
        self.world.set_secret(name, value)
        self.sync()
        eventually(f"{file} has the new {name}", lambda: value in file.read_text(), explain=lambda: self.log("run"))

    def serves(self, port, certificate):
        """Waits until a server shows the certificate that a file begins with."""
        expected = self.leaf(certificate.read_text())
        eventually(
            f"port {port} serves {certificate}", lambda: self.leaf(served(port)) == expected, explain=lambda: self.logs()
        )
        return expected

    def renew(self, certificate, name):
        """The next version of a certificate, which is in its file."""
        before = certificate.read_text()
        self.world.make_certificate(name)
        self.sync()
        eventually(f"{certificate} is new", lambda: certificate.read_text() != before, explain=lambda: self.log("run"))

    def leaf(self, pem):
        begin = "-----BEGIN CERTIFICATE-----"
        end = "-----END CERTIFICATE-----"
        return begin + pem.split(begin, 1)[1].split(end)[0] + end if begin in pem else None

    def logs(self):
        return "\n".join(f"{path.name}:\n{path.read_text(errors='replace')}" for path in sorted(self.work.glob("*.log")))

    @staticmethod
    def python(file):
        return [sys.executable, "-u", file]


def served(port):
    """The certificate that a server shows; nothing while it does not answer."""
    try:
        return ssl.get_server_certificate(("127.0.0.1", port), timeout=5)
    except OSError:
        return ""
