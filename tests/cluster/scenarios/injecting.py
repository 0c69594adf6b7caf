"""Pods that get the sidecar from the API server, or from the command."""

from cluster import expect
from workload import application, secrets

DB_PASSWORD = secrets(password="db-password")


def a_pod_with_the_label_runs_with_what_the_admission_policies_add(world):
    runs(world.injected_by_policy("by-policy", DB_PASSWORD, without_mounts()))


def a_pod_runs_with_what_the_command_inject_adds(world):
    runs(world.injected_by_command("by-command", DB_PASSWORD, without_mounts()))


def without_mounts():
    return application('echo "found $(cat /mnt/akv/password)" && exec sleep 3600', volumeMounts=[])


def runs(pod):
    pod.await_ready().await_log("found db-password-1", "app", 10)
    status = pod.run("akv-sync", "/akv-sync", "status")
    expect("db-password" in status.stdout, f"status shows {status.stdout}{status.stderr}")
