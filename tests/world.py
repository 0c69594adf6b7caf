"""A fake Azure and the real program over it, for the tiers that are written in Python."""

import contextlib
import http.client
import json
import pathlib
import signal
import subprocess
import time
import urllib.parse

PATIENCE = 30


def eventually(what, is_so, patience=PATIENCE, explain=lambda: ""):
    """What `is_so` gives, as soon as it is true."""
    deadline = time.monotonic() + patience
    while True:
        found = is_so()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not so after {patience} s: {what}\n{explain()}")
        time.sleep(0.05)


class World:
    """Everything that is started here ends with the block that it is made in. `options` are more flags of the fake."""

    def __init__(self, program, fake, work, *options, vault="app"):
        self.program, self.work, self.ends = program, pathlib.Path(work), contextlib.ExitStack()
        ready = self.work / "ready"
        self.start(
            "fake",
            [fake, "--vault", vault, *options, "--ca-out", self.work / "ca.pem", "--federated-token-out", self.work / "token", "--ready-file", ready],
        )
        eventually("the fake answers", ready.exists, explain=lambda: self.log("fake"))
        self.values = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        self.vault_name = vault
        self.vault = self.values[f"FAKE_AZURE_VAULT_{vault.upper().replace('-', '_')}"]
        self.control = urllib.parse.urlsplit(self.values["IDENTITY_ENDPOINT"]).netloc
        # What a pod has. The program gets nothing else.
        self.environment = {
            name: value for name, value in self.values.items() if name.startswith("AZURE_") or name == "SSL_CERT_FILE"
        }

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.ends.close()

    @contextlib.contextmanager
    def scope(self):
        """What is started in this block ends with it; the fake goes on."""
        outer, self.ends = self.ends, contextlib.ExitStack()
        try:
            yield
        finally:
            self.ends.close()
            self.ends = outer

    def log(self, name):
        return (self.work / f"{name}.log").read_text(errors="replace")

    def start(self, name, command, **options):
        """A process, which is ended with the world. Its output is in `NAME.log`."""
        with open(self.work / f"{name}.log", "wb") as log:
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options}
            child = subprocess.Popen(list(map(str, command)), **options)
        self.ends.callback(end, child)
        return child

    def tell(self, method, target, body=b""):
        """A switch of the fake."""
        connection = http.client.HTTPConnection(self.control, timeout=PATIENCE)
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        connection.request(method, f"/_fake/{target}", body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        assert answer.status in (200, 204), f"{method} {target}: {answer.status} {text}"
        return text

    def set_secret(self, name, value):
        self.tell("PUT", f"vaults/{self.vault_name}/secrets/{name}", value if isinstance(value, bytes) else value.encode())

    def make_certificate(self, name, **options):
        """A certificate of this name, or its next version."""
        self.tell("POST", f"vaults/{self.vault_name}/certificates/{name}", options or b"")

    def once(self, manifest, name="once", **options):
        """One sync; it has to succeed."""
        options = {"env": self.environment, **options}
        code = self.start(name, [self.program, "once", "--manifest", manifest], **options).wait(PATIENCE)
        assert code == 0, f"once {manifest}: {code}\n{self.log(name)}"

    def run(self, name, manifest, **options):
        """The program, which stays. Gives it back when it is ready."""
        options = {"env": self.environment, **options}
        child = self.start(name, [self.program, "run", "--manifest", manifest], **options)
        eventually(f"{name} is ready", lambda: " Ready " in self.log(name), explain=lambda: self.log(name))
        return child

    def sync(self, child):
        """Makes a program that stays ask its vault now."""
        child.send_signal(signal.SIGHUP)


def end(child):
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
