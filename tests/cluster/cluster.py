"""The API server and the kubelet."""

import http.client
import json
import os
import pathlib
import signal
import subprocess
import time

NAMESPACE = "app"
ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "target/cluster/bin"


class Failure(Exception):
    """A scenario did not see what it should."""


def expect(condition, what):
    if not condition:
        raise Failure(what)


def eventually(condition, what, seconds=60):
    """The first true value of the condition."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"not after {seconds} s: {what}")
        time.sleep(0.1)


class Cluster:
    """The API server through `kubectl proxy`: plain HTTP, without a new process for each question."""

    PROXY_PORT = 16444

    def __init__(self, control_plane, node, cgroup):
        self.control_plane, self.node, self.cgroup = control_plane, node, cgroup
        self.environment = {**os.environ, "KUBECONFIG": str(control_plane / "admin.kubeconfig"), "HOME": str(control_plane)}
        self.proxy = subprocess.Popen(
            [BIN / "kubectl", "proxy", f"--port={self.PROXY_PORT}"], env=self.environment, stdout=subprocess.DEVNULL
        )
        eventually(self.answers, "kubectl proxy answers", 10)

    def answers(self):
        try:
            return self.call("GET", "/version")
        except OSError:
            return None

    def call(self, method, path, body=None, content_type="application/json"):
        """The answer: an object where it is JSON, else text; a refusal is a Failure in the server's words."""
        connection = http.client.HTTPConnection("127.0.0.1", self.PROXY_PORT, timeout=30)
        connection.request(method, path, body and json.dumps(body), {"Content-Type": content_type})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        if answer.status >= 400:
            raise Failure(f"{method} {path}: {answer.status} {text}")
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else text

    def kubectl(self, *arguments, stdin=None, check=True):
        done = subprocess.run(
            [BIN / "kubectl", "--namespace", NAMESPACE, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if check and done.returncode != 0:
            raise Failure(f"kubectl {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def objects(self, yaml):
        """The objects of some YAML, which only kubectl reads here."""
        # One after the other.
        text = self.kubectl("create", "--dry-run=client", "--output=json", "-f", "-", stdin=yaml).stdout.strip()
        found = []
        while text:
            thing, end = json.JSONDecoder().raw_decode(text)
            found.append(thing)
            text = text[end:].lstrip()
        return found

    def create(self, thing):
        paths = {"ConfigMap": "configmaps", "Pod": "pods", "ServiceAccount": "serviceaccounts"}
        path = f"/api/v1/namespaces/{NAMESPACE}/{paths[thing['kind']]}"
        return self.call("POST", path, thing)

    def restart_kubelet(self):
        pid = int((self.node / "kubelet.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: ended(pid), "the kubelet ends", 20)
        subprocess.run([pathlib.Path(__file__).with_name("kubelet"), self.node, self.control_plane], check=True)


def ended(pid):
    """Whether the process is gone, or a zombie that nobody has collected yet."""
    try:
        return ") Z " in pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
