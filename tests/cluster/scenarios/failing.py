"""What breaks: the sidecar, its memory, Azure."""

import os
import signal
import subprocess

from cluster import eventually, expect
from workload import secrets


def the_application_runs_on_while_the_sidecar_crashes_and_the_next_one_goes_on(world):
    pod = started(world, "crash")
    os.kill(pod.process("akv-sync"), signal.SIGKILL)
    expect(pod.read("/mnt/akv/current") == "one", "the crash took the file away")
    ran_on(world, pod, "Error")


def the_application_runs_on_while_the_sidecar_is_killed_for_memory(world):
    """Pages of a memory file system count against the cgroup that wrote them, and the kernel ends its largest process."""
    pod = started(world, "memory")
    cgroup, filler = pod.cgroup("akv-sync"), "/run/akv-sync-cluster/filler"
    writer = f"echo $$ >{cgroup}/cgroup.procs && exec dd if=/dev/zero of={filler} bs=64k count=1600"
    subprocess.run(["/bin/busybox", "sh", "-c", writer], stderr=subprocess.DEVNULL)
    os.unlink(filler)
    ran_on(world, pod, "OOMKilled")


def the_memory_limit_of_the_chart_is_enough_for_a_volume_that_is_full_twice(world):
    """While a set is replaced both are there: twice seven of the sixteen mebibytes."""
    azure = world.azure_of_its_own()
    names = [f"large-{number}" for number in range(260)]

    def write(letter):
        for name in names:
            azure.set_secret(name, letter * 25_000)

    write("a")
    selection = {"secrets": [{"select": {"prefix": "large-", "limit": 260}, "pathTemplate": "{name}"}]}
    pod = world.sidecar("large", selection, azure=azure, interval="5m").await_running("app")
    write("b")
    sync = pod.run("akv-sync", "/akv-sync", "sync")
    expect(sync.returncode == 0, f"sync ended with {sync.returncode}: {sync.stderr}")
    volume = pod.see("/mnt/akv")
    old = [name for name in names if (volume / name).read_text() != "b" * 25_000]
    expect(not old, f"these are not of the new version: {old}")
    expect(pod.status("akv-sync")["restartCount"] == 0, "the sidecar was restarted")
    return f"{pod.most_memory('akv-sync'):.0f} of 48 MiB at most"


def a_sidecar_that_starts_in_an_outage_is_ready_with_the_last_known_good_files(world):
    azure = world.azure_of_its_own()
    entries = secrets(current="db-password")
    pod = world.sidecar("outage", entries, azure=azure, on_start="lastKnownGood").await_running("app")
    azure.end()
    os.kill(pod.process("akv-sync"), signal.SIGKILL)
    eventually(lambda: pod.status("akv-sync")["restartCount"] == 1, "the sidecar is started again")
    pod.await_log("Ready with last known good files")
    pod.await_ready()
    expect(pod.read("/mnt/akv/current") == "db-password-1", "the outage took the file away")
    pod.await_log("Object not fetched")
    status = pod.run("akv-sync", "/akv-sync", "status")
    expect("kept" in status.stdout, f"status shows {status.stdout}")
    expect(pod.status("app")["restartCount"] == 0, "the application was restarted")


def started(world, name):
    """A pod that runs with the first version of a secret of its own."""
    world.azure.set_secret(name, "one")
    return world.sidecar(name, secrets(current=name)).await_running("app")


def ran_on(world, pod, reason):
    """The sidecar ended for this reason and is back; the application has noticed nothing, and gets the next version."""
    eventually(lambda: pod.status("akv-sync")["restartCount"] == 1, "the sidecar is started again")
    seen = pod.status("akv-sync")["lastState"]["terminated"]
    expect((seen["reason"], seen["exitCode"]) == (reason, 137), f"the sidecar ended as {seen}")
    world.azure.set_secret(pod.name, "two")
    pod.await_file("/mnt/akv/current", "two", seconds=30)
    expect(pod.status("app")["restartCount"] == 0, "the application was restarted")
    pod.await_ready()
