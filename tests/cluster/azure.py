"""A fake Azure for the cluster."""

import http.client
import json
import subprocess

from cluster import eventually, expect

ISSUER = "https://issuer.example.com"  # as tests/cluster/control-plane has it


class Azure:
    """A fake Azure under Azure's own names, at one address of the node, which trusts the cluster's tokens."""

    def __init__(self, program, folder, number, keys, subjects):
        """`keys` is a file with the key set that the API server publishes."""
        self.address, self.control_port = f"10.97.0.{number}", 8000 + number
        self.authority, ready = folder / "ca.pem", folder / "ready"
        folder.mkdir()
        command = [
            program,
            "--seed",
            "--vault=contoso-app",
            f"--https={self.address}:443",
            f"--imds=127.0.0.1:{self.control_port}",
            f"--issuer={ISSUER}",
            f"--issuer-keys={keys}",
            *(f"--issuer-subject={subject}" for subject in subjects),
            f"--ca-out={self.authority}",
            f"--ready-file={ready}",
        ]
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        eventually(lambda: ready.exists() or self.process.poll() is not None, "the fake Azure is ready", 10)
        expect(ready.exists(), f"the fake Azure ended: {(folder / 'log').read_text()}")
        self.settings = dict(line.split("=", 1) for line in ready.read_text().splitlines())

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.control_port, timeout=10)
        connection.request(method, f"/_fake/{path}", body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        expect(answer.status < 400, f"{method} {path}: {answer.status} {text}")
        return text

    def set_secret(self, name, value):
        self.control("PUT", f"vaults/contoso-app/secrets/{name}", value)

    def renew_certificate(self, name):
        self.control("POST", f"vaults/contoso-app/certificates/{name}")

    def calls(self, kind):
        return json.loads(self.control("GET", "calls"))["byKind"].get(kind, 0)

    def end(self):
        self.process.kill()
        self.process.wait()
