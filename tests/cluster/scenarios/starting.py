"""How a pod begins: the start gate, users and rights, the projected token."""

import re
import time

from cluster import eventually, expect
from workload import application, secrets

DB_PASSWORD = secrets(password="db-password")


def the_application_starts_when_its_files_are_there_and_until_then_log_and_status_say_why_not(world):
    pod = world.sidecar("gate", secrets(late="late-secret"), application('echo "$(cat /mnt/akv/late)" && exec sleep 3600'))
    refusal = pod.await_log("Object not fetched")
    expect("late-secret" in refusal and "notFound" in refusal, f"the log says {refusal}")
    status = pod.run("akv-sync", "/akv-sync", "status")
    expect(status.returncode == 0, f"status ended with {status.returncode}: {status.stderr}")
    expect(re.search(r"late-secret.*missing", status.stdout), f"status shows {status.stdout}")
    health = pod.run("akv-sync", "/akv-sync", "health")
    expect(health.returncode == 1, f"health ended with {health.returncode}: {health.stdout}{health.stderr}")
    expect(pod.state("app")[0] == "waiting", "the application started without its file")
    world.azure.set_secret("late-secret", "here")
    pod.await_running("app")
    pod.await_log("here", "app", 10)
    expect(pod.status("akv-sync")["restartCount"] == 0, "the sidecar was restarted")


def users_differ_and_share_a_group(world):
    entries = secrets(**{"for/group": "db-password", "for/owner": "db-password"})
    entries["secrets"][1]["mode"] = "0400"
    pod = world.sidecar("users", entries).await_running("app")
    who = pod.run("app", "id").stdout
    expect("uid=1001" in who and "2000" in who, f"the application is {who}")
    for_group = pod.run("app", "cat", "/mnt/akv/for/group")
    expect(for_group.stdout == "db-password-1", f"{for_group.stdout}{for_group.stderr}")
    for_owner = pod.run("app", "cat", "/mnt/akv/for/owner")
    expect("Permission denied" in for_owner.stderr, f"{for_owner.stdout}{for_owner.stderr}")
    for path, owner_and_mode in (("group", (65532, 2000, 0o440)), ("owner", (65532, 2000, 0o400))):
        file = pod.see(f"/mnt/akv/for/{path}").stat()
        seen = (file.st_uid, file.st_gid, file.st_mode & 0o7777)
        expect(seen == owner_and_mode, f"for/{path} has {seen}")
    written = pod.run("app", "sh", "-c", "echo >/mnt/akv/mine")
    expect("Read-only file system" in written.stderr, f"the application wrote into the volume: {written.stderr}")


def the_sidecar_runs_as_the_restricted_standard_wants_it(world):
    pod = world.sidecar("restricted", DB_PASSWORD).await_running("app")
    process = f"/proc/{pod.process('akv-sync')}"
    with open(f"{process}/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    for field, value in (
        ("Uid", "65532\t65532\t65532\t65532"),
        ("CapInh", "0" * 16),
        ("CapPrm", "0" * 16),
        ("CapEff", "0" * 16),
        ("CapBnd", "0" * 16),
        ("CapAmb", "0" * 16),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),  # filtered, which is RuntimeDefault
    ):
        expect(status[field] == value, f"{field} is {status[field]!r} and not {value!r}")
    with open(f"{process}/mountinfo") as file:
        (root,) = [line.split() for line in file if line.split()[4] == "/"]
    expect("ro" in root[5].split(","), f"the root is mounted {root[5]}")
    volume = pod.see("/mnt/akv", "akv-sync").stat()
    expect(volume.st_gid == 2000, f"the volume's group is {volume.st_gid}")
    kinds = [line.split() for line in open(f"{process}/mounts") if line.split()[1] == "/mnt/akv"]
    expect(kinds[0][2] == "tmpfs", f"the volume is {kinds}")


def the_projected_token_is_exchanged_and_one_of_another_account_is_refused_in_words(world):
    world.sidecar("token", DB_PASSWORD).await_running("app")
    expect(world.azure.calls("token") > 0, "nobody asked for a token")
    expect(world.azure.calls("imds") == 0, "somebody asked the metadata service")

    def as_a_stranger(pod):
        pod["spec"]["serviceAccountName"] = "stranger"

    stranger = world.sidecar("stranger", DB_PASSWORD, change=as_a_stranger)
    refusal = stranger.await_log("AADSTS700213")
    expect("system:serviceaccount:app:stranger" in refusal, f"the log does not name the account: {refusal}")
    expect(stranger.state("app")[0] == "waiting", "the application started without its files")


def once_writes_the_files_in_an_init_container_and_run_takes_them_over(world):
    pod = world.sidecar("both", DB_PASSWORD, mode="both", interval="5m").await_running("app")
    state, detail = pod.state("akv-sync-init")
    expect((state, detail.get("exitCode")) == ("terminated", 0), f"once is {state} {detail}")
    expect("Published" not in pod.log(), "run published again what once had written")
    expect(pod.read("/mnt/akv/password") == "db-password-1", "the file is not there")


def each_mode_of_the_chart_starts_the_application_after_its_files(world):
    first_line = application('echo "found $(cat /mnt/akv/password)" && exec sleep 3600')
    ways = (
        {"mode": "init"},
        {"mode": "classic"},
        {"mode": "sidecar", "gate": "postStart"},
        {"mode": "both", "gate": "postStart"},
    )
    pods = [world.sidecar(f"way-{number}", DB_PASSWORD, first_line, **way) for number, way in enumerate(ways)]
    for pod, way in zip(pods, ways):
        pod.await_running("app").await_log("found db-password-1", "app", 10)
        restarts = [one["restartCount"] for one in pod.statuses()]
        expect(not any(restarts), f"{way}: containers were restarted: {restarts}")


def the_chart_signs_in_as_its_test_and_shows_the_files_as_its_demo(world):
    demo, test = sorted(world.release("release", DB_PASSWORD), key=lambda pod: pod.name)
    expect(demo.name.endswith("-demo") and test.name.endswith("-once"), f"the pods are {demo.name} and {test.name}")
    demo.await_ready()
    shown = demo.await_log("db-password", "show", 10)
    expect("current" in shown, f"the demo shows {shown}")
    eventually(lambda: test.get()["status"]["phase"] == "Succeeded", "the test has succeeded", 30)


def twenty_pods_start_at_once(world):
    azure, began = world.azure_of_its_own(), time.monotonic()
    pods = [world.sidecar(f"many-{number}", DB_PASSWORD, azure=azure, interval="5m") for number in range(20)]
    for pod in pods:
        pod.await_ready()
    took = time.monotonic() - began
    calls = {kind: azure.calls(kind) for kind in ("token", "getSecret")}
    expect(calls == {"token": 20, "getSecret": 20}, f"20 pods called {calls}")
    for pod in pods:
        expect(pod.read("/mnt/akv/password").startswith("db-password"), f"{pod.name} has no file")
        expect(pod.status("akv-sync")["restartCount"] == 0, f"the sidecar of {pod.name} was restarted")
    most = max(pod.most_memory("akv-sync") for pod in pods)
    return f"all ready after {took:.1f} s, one token and one answer each, {most:.0f} MiB at most"
