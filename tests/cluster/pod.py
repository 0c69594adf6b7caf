"""A pod: what the API server says of it, and what the node shows of its containers."""

import contextlib
import pathlib

from cluster import NAMESPACE, Failure, eventually


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

    def log(self, container="akv-sync"):
        return self.cluster.call("GET", f"{self.path}/log?container={container}")

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

    def events(self):
        """What was said of the pod."""
        selector = f"fieldSelector=involvedObject.name%3D{self.name}"
        events = self.cluster.call("GET", f"/api/v1/namespaces/{NAMESPACE}/events?{selector}")
        return [one["message"] for one in events["items"]]

    def most_memory(self, container):
        """The most memory that its cgroup had, in MiB: its own, its files on memory volumes, and pages of its program."""
        return int((self.cgroup(container) / "memory.max_usage_in_bytes").read_text()) / 2**20

    def story(self):
        """For a failure: states, events and the end of each log."""
        statuses = self.statuses()
        lines = [f"{one['name']}: {one['restartCount']} restarts, {one['state']}, before {one['lastState']}" for one in statuses]
        lines += [f"event: {message}" for message in self.events()]
        for one in statuses:
            with contextlib.suppress(Failure):  # It has not started.
                lines += [f"{one['name']} | {line}" for line in self.log(one["name"]).splitlines()[-12:]]
        return "\n".join(f"    {self.name}: {line}" for line in lines)
