"""How a pod ends: the sidecar outlives the application, and holds up nobody."""

import datetime

from cluster import eventually, expect
from workload import application, secrets

DB_PASSWORD = secrets(password="db-password")
FINALIZER = "akv-sync.example.com/tests"


def the_sidecar_outlives_a_slow_application_and_the_pod_ends_in_time(world):
    script = "trap 'sleep 3; cat /mnt/akv/password; exit 0' TERM; while :; do sleep 0.1; done"

    def kept_to_be_seen(pod):
        pod["metadata"]["finalizers"] = [FINALIZER]
        pod["spec"]["terminationGracePeriodSeconds"] = 20

    pod = world.sidecar("slow-end", DB_PASSWORD, application(script), change=kept_to_be_seen).await_running("app")
    pod.delete()
    eventually(lambda: pod.state("akv-sync")[0] == "terminated", "the sidecar ends", 30)
    app, sidecar = (pod.state(container)[1] for container in ("app", "akv-sync"))
    deleted = moment(pod.get()["metadata"]["deletionTimestamp"]) - datetime.timedelta(seconds=20)
    pod.cluster.call("PATCH", pod.path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    expect((app["exitCode"], sidecar["exitCode"]) == (0, 0), f"the application ended as {app}, the sidecar as {sidecar}")
    expect(moment(sidecar["finishedAt"]) >= moment(app["finishedAt"]), f"the sidecar was first: {sidecar}, {app}")
    took = (moment(sidecar["finishedAt"]) - deleted).total_seconds()
    expect(took <= 8, f"the pod took {took} s to end, of which the application needed 3")


def a_pod_of_a_job_completes(world):
    pod = job(world, "job", "test -s /mnt/akv/password")
    eventually(lambda: pod.get()["status"]["phase"] == "Succeeded", "the pod has succeeded")
    state, detail = pod.state("akv-sync")
    expect((state, detail.get("exitCode")) == ("terminated", 0), f"the sidecar is {state} {detail}")


def a_pod_of_a_job_that_fails_has_failed(world):
    pod = job(world, "failing-job", "exit 3")
    eventually(lambda: pod.get()["status"]["phase"] == "Failed", "the pod has failed")
    expect(pod.state("app")[1]["exitCode"] == 3, f"the application ended as {pod.state('app')}")
    expect(pod.state("akv-sync")[1].get("exitCode") == 0, f"the sidecar ended as {pod.state('akv-sync')}")


def job(world, name, script):
    def once(pod):
        pod["spec"]["restartPolicy"] = "Never"

    return world.sidecar(name, DB_PASSWORD, application(script), change=once)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
