"""Pods that get the sidecar from the API server, or from the command line."""

from cluster import expect
from workload import application, secrets


def a_pod_with_the_label_gets_sidecar_volume_and_mount_from_the_admission_policy(world):
    app = application('echo "found $(cat /mnt/akv/password)" && exec sleep 3600', volumeMounts=[])
    pod = world.injected("injected", secrets(password="db-password"), app).await_ready()
    pod.await_log("found db-password-1", "app", 10)
    status = pod.run("akv-sync", "/akv-sync", "status")
    expect("db-password" in status.stdout, f"status shows {status.stdout}{status.stderr}")
