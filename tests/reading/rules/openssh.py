"""OpenSSH: private keys that it refuses, and a file of authorized keys."""

import os
import pathlib

from world import eventually

READER, OTHER = 65534, 1000


def judge(rules):
    key = rules.work / "key"
    rules.said(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "reading", "-f", key])
    rules.world.set_secret("ssh-key", key.read_bytes())
    rules.world.set_secret("authorized-keys", key.with_suffix(".pub").read_bytes())
    private_keys(rules)
    authorized_keys(rules, key)


def private_keys(rules):
    """Only a key of one's own must be closed to others."""
    modes = ("0400", "0440", "0444")
    entries = ", ".join(f'{{ name: ssh-key, path: "{mode}", mode: "{mode}" }}' for mode in modes)
    expected = {(READER, "0400"): True, (OTHER, "0440"): True, (OTHER, "0444"): True}
    for owner, whose in ((READER, "its own user"), (OTHER, "another user")):
        volume = rules.publish(f"ssh-{owner}", f"secrets: [{entries}]\n", f'owner: {owner}, group: 2000, dirMode: "0750"')
        for mode in modes:
            accepted, text = rules.said(["ssh-keygen", "-y", "-f", volume / mode], READER)
            rules.accepts(f"ssh: a key of {whose} with {mode}", accepted, expected.get((owner, mode), False))
            if owner == READER and not accepted:
                rules.check(f"ssh: a key of {whose} with {mode}: why", "UNPROTECTED PRIVATE KEY FILE" in text)


def authorized_keys(rules, key):
    host = rules.work / "host_key"
    rules.said(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host])
    made = not os.path.isdir("/run/sshd")
    pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    try:
        for number, (title, expected, root_mode, file_mode, options) in enumerate(CASES):
            volume = rules.work / f"authorized-{number}"
            volume.mkdir()
            volume.chmod(root_mode)
            rules.publish(volume.name, f'secrets: [{{ name: authorized-keys, path: keys, mode: "{file_mode}" }}]\n', 'group: 2000, dirMode: "0755"')
            options = [word.replace("FILE", str(volume / "keys")) for option in options for word in ("-o", option)]
            found = logs_in(rules, rules.free_port(), host, key, options, number)
            rules.accepts(f"sshd: {title}: its file of authorized keys", found, expected)
    finally:
        if made:
            os.rmdir("/run/sshd")


FILE, COMMAND = "AuthorizedKeysFile=FILE", ("AuthorizedKeysCommand=/bin/cat FILE", "AuthorizedKeysCommandUser=root")
CASES = [
    ("a volume that root alone may write to", True, 0o755, "0444", [FILE]),
    ("a volume that everybody may write to, as an emptyDir", False, 0o777, "0444", [FILE]),
    ("the same, without StrictModes", True, 0o777, "0444", [FILE, "StrictModes=no"]),
    ("the same, by AuthorizedKeysCommand", True, 0o777, "0444", COMMAND),
    ("a volume that root alone may write to, with a file that its group may write to", False, 0o755, "0664", [FILE]),
]


def logs_in(rules, port, host, key, options, number):
    name = f"sshd-{number}"
    command = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", port, "-h", host, "-o", "ListenAddress=127.0.0.1", "-o", "UsePAM=no"]
    command += ["-o", "PidFile=none", "-o", "PasswordAuthentication=no", "-o", "KbdInteractiveAuthentication=no", *options]
    server = rules.world.start(name, command)
    eventually("sshd listens", lambda: "listening" in rules.world.log(name), explain=lambda: rules.world.log(name))
    client = ["ssh", "-F", "none", "-p", port, "-i", key, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]
    client += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "root@127.0.0.1", "echo", "signed in"]
    accepted, text = rules.said(client)
    server.terminate()
    server.wait(30)
    return accepted and "signed in" in text
