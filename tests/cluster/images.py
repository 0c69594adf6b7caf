"""Writes the images of the programs around akv-sync: what a pod is held by, an application, and nginx, of this machine's files.

    images.py FOLDER

Each is a docker archive (`ctr images import`) with one layer. No registry and no image builder is needed.
"""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile

BUSYBOX = "/bin/busybox"
# Commands by which the pods of the tests call busybox.
COMMANDS = ("sh", "cat", "sleep", "ls", "id", "wget", "httpd", "date", "kill", "stat", "sha256sum", "true", "test")


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    application = Layer()
    application.file(BUSYBOX)
    for command in COMMANDS:
        application.link(f"/bin/{command}", BUSYBOX)
    archive(folder / "application.tar", "localhost/application:test", application, ["/bin/sh"])

    pause = Layer()
    pause.file("/usr/bin/catatonit")
    archive(folder / "pause.tar", "localhost/pause:test", pause, ["/usr/bin/catatonit", "-P"])

    # As of the nginx project's image: started in the foreground, logs on stdout and stderr, and a shell.
    nginx = application
    nginx.program("/usr/sbin/nginx")
    nginx.file("/etc/nginx/mime.types")
    for log, stream in (("access", "stdout"), ("error", "stderr")):
        nginx.link(f"/var/log/nginx/{log}.log", f"/dev/{stream}")
    archive(folder / "nginx.tar", "localhost/nginx:test", nginx, ["/usr/sbin/nginx", "-g", "daemon off;"])


class Layer:
    """A file system, made of files of this machine at their own paths."""

    def __init__(self):
        self.bytes = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.bytes, mode="w")
        self.paths = set()

    def file(self, path):
        real = os.path.realpath(path)
        entry = self.entry(path)
        if entry is not None:
            entry.size, entry.mode = os.path.getsize(real), 0o755 if os.access(real, os.X_OK) else 0o644
            with open(real, "rb") as content:
                self.tar.addfile(entry, content)

    def program(self, path):
        """The program and the shared libraries that it loads."""
        self.file(path)
        for library in re.findall(r"(/\S+) \(0x", subprocess.check_output(["ldd", path], text=True)):
            self.file(library)

    def link(self, path, target):
        entry = self.entry(path)
        if entry is not None:
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            self.tar.addfile(entry)

    def entry(self, path):
        """A header for the path, with its directories; None when the layer has it."""
        name = path.lstrip("/")
        if name in self.paths:
            return None
        self.paths.add(name)
        for parent in reversed(pathlib.PurePosixPath(name).parents[:-1]):
            if str(parent) not in self.paths:
                self.paths.add(str(parent))
                directory = tarfile.TarInfo(str(parent))
                directory.type, directory.mode = tarfile.DIRTYPE, 0o755
                self.tar.addfile(directory)
        return tarfile.TarInfo(name)

    def content(self):
        # The two blocks that end an archive; closing it would end the layer too.
        return self.bytes.getvalue() + bytes(1024)


def archive(path, name, layer, command):
    content = layer.content()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": command, "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        for member, data in (
            ("layer.tar", content),
            ("config.json", json.dumps(config).encode()),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
