"""The API server, and pods on the node."""

import contextlib
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
        eventually(lambda: not pathlib.Path(f"/proc/{pid}/cmdline").exists() or ended(pid), "the kubelet ends", 20)
        subprocess.run([pathlib.Path(__file__).with_name("kubelet"), self.node, self.control_plane], check=True)


def ended(pid):
    """Whether the process is a zombie that nobody has collected yet."""
    try:
        return ") Z " in pathlib.Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


class Pod:
    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name
        self.path = f"/api/v1/namespaces/{NAMESPACE}/pods/{name}"

    def get(self):
        return self.cluster.call("GET", self.path)

    def statuses(self):
        """What the kubelet says of each container; none before it says anything."""
        status = self.get()["status"]
        return status.get("initContainerStatuses", []) + status.get("containerStatuses", [])

    def status(self, container):
        return next((one for one in self.statuses() if one["name"] == container), {})

    def state(self, container):
        """`waiting`, `running` or `terminated`, with what belongs to it."""
        return next(iter(self.status(container).get("state", {}).items()), ("waiting", {}))

    def is_running(self, container):
        return self.state(container)[0] == "running"

    def await_running(self, container, seconds=60):
        eventually(lambda: self.is_running(container), f"{self.name}: {container} runs", seconds)
        return self

    def await_ready(self, seconds=90):
        eventually(self.is_ready, f"{self.name} is ready", seconds)
        return self

    def is_ready(self):
        conditions = self.get()["status"].get("conditions", [])
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def address(self):
        return self.get()["status"]["podIP"]

    def log(self, container="akv-sync", previous=False):
        return self.cluster.call("GET", f"{self.path}/log?container={container}&previous={str(previous).lower()}")

    def await_log(self, text, container="akv-sync", seconds=60):
        def line():
            try:
                lines = self.log(container).splitlines()
            except Failure:  # The container is being made.
                return None
            return next((one for one in lines if text in one), None)

        return eventually(line, f"{self.name}: {container} says {text!r}", seconds)

    def run(self, container, *command):
        """Runs a command in the container; the process, with its code and what it printed."""
        return self.cluster.kubectl("exec", self.name, "--container", container, "--", *command, check=False)

    def read(self, path, container="app"):
        """A file as the container has it, whatever its mode; None when it is not there."""
        try:
            return self.see(path, container).read_text()
        except FileNotFoundError:
            return None

    def see(self, path, container="app"):
        """Where the node finds a path of the container."""
        return pathlib.Path(f"/proc/{self.process(container)}/root{path}")

    def await_file(self, path, content, seconds=60):
        eventually(lambda: self.read(path) == content, f"{self.name}: {path} is {content!r}", seconds)

    def delete(self):
        """Asks for it; the kubelet takes its time."""
        self.cluster.call("DELETE", self.path)

    def remove(self):
        """Frees the node of it, and does not wait."""
        with contextlib.suppress(Failure):  # It may be gone, or never have come.
            self.cluster.call("DELETE", f"{self.path}?gracePeriodSeconds=1")

    def process(self, container):
        """The first process of a container, as the node numbers it."""
        return int((self.cgroup(container) / "cgroup.procs").read_text().split()[0])

    def cgroup(self, container):
        """The memory cgroup of a container."""
        identifier = self.status(container)["containerID"].removeprefix("containerd://")
        return next(pathlib.Path("/sys/fs/cgroup/memory", self.cluster.cgroup).rglob(identifier))

    def story(self):
        """For a failure: states, events and the end of each log."""
        statuses = self.statuses()
        lines = [f"{one['name']}: {one['restartCount']} restarts, {one['state']}, before {one['lastState']}" for one in statuses]
        events = self.cluster.call("GET", f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=involvedObject.name%3D{self.name}")
        lines += [f"event {one['reason']}: {one['message']}" for one in events["items"]]
        for one in statuses:
            with contextlib.suppress(Failure):  # It has not started.
                lines += [f"{one['name']} | {line}" for line in self.log(one["name"]).splitlines()[-12:]]
        return "\n".join(f"    {self.name}: {line}" for line in lines)
