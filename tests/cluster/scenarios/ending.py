"""How a pod ends: the sidecar outlives the application, and holds up nobody."""

import datetime

from cluster import eventually, expect
from workload import application, secrets

DB_PASSWORD = secrets(password="db-password")
FINALIZER = "akv-sync.example.com/tests"
GRACE = 20


def the_sidecar_outlives_a_slow_application_and_the_pod_ends_in_time(world):
    script = "trap 'sleep 3; cat /mnt/akv/password; exit 0' TERM; while :; do sleep 0.1; done"
    pod = world.sidecar("slow-end", DB_PASSWORD, application(script), change=seen_to_its_end).await_running("app")
    app, sidecar, took = ended(pod)
    expect((app["exitCode"], sidecar["exitCode"]) == (0, 0), f"the application ended as {app}, the sidecar as {sidecar}")
    expect(moment(sidecar["finishedAt"]) >= moment(app["finishedAt"]), f"the sidecar was first: {sidecar}, {app}")
    expect(took <= 8, f"the pod took {took} s to end, of which the application needed 3")


def a_pod_that_still_waits_for_its_files_ends_at_once(world):
    pod = world.sidecar("no-start", secrets(none="no-such-secret"), change=seen_to_its_end)
    pod.await_log("Object not fetched")
    _, sidecar, took = ended(pod)
    expect(sidecar["exitCode"] == 0, f"the sidecar ended as {sidecar}")
    expect(took <= 5, f"the pod took {took} s to end")


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


def seen_to_its_end(pod):
    """The API server keeps it until nobody wants to look at it any more."""
    pod["metadata"]["finalizers"] = [FINALIZER]
    pod["spec"]["terminationGracePeriodSeconds"] = GRACE


def ended(pod):
    """Deletes a pod: how application and sidecar ended, and after how many seconds the sidecar did."""
    pod.delete()
    eventually(lambda: pod.state("akv-sync")[0] == "terminated", "the sidecar ends", 30)
    app, sidecar = (pod.state(container)[1] for container in ("app", "akv-sync"))
    deleted = moment(pod.get()["metadata"]["deletionTimestamp"]) - datetime.timedelta(seconds=GRACE)
    pod.cluster.call("PATCH", pod.path, {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    return app, sidecar, (moment(sidecar["finishedAt"]) - deleted).total_seconds()


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
