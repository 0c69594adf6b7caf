"""What docs/kubernetes.md quotes of the kubelet is what the kubelet says."""

import re

from cluster import ROOT, Failure, eventually, expect
from workload import application, secrets

PAGE = (ROOT / "docs/kubernetes.md").read_text()
NOT_THERE = secrets(none="no-such-secret")


def the_page_quotes_the_events_of_pods_that_do_not_start(world):
    quotes = {
        "Startup probe failed: HTTP probe failed with statuscode: 503": world.sidecar("waiting", NOT_THERE),
        "Init container akv-sync failed startup probe": world.sidecar("late", NOT_THERE, change=out_of_patience),
        "PostStartHook failed": world.sidecar("gated", NOT_THERE, gate="postStart", change=out_of_patience),
        'MountVolume.SetUp failed for volume "akv-manifest" : configmap "…" not found': world.sidecar(
            "unmounted", NOT_THERE, change=without_manifest
        ),
        'Startup probe failed: Get "http://…:8181/startupz": dial tcp …: connect: connection refused': injected(
            world, "silent", {**NOT_THERE, "admin": {"listen": "[::]:9090"}}
        ),
    }
    for quote, pod in quotes.items():
        expect(f"`{quote}`" in PAGE, f"the page does not quote {quote!r}")
        eventually(lambda: any(matches(quote, event) for event in pod.events()), f"{pod.name}: an event {quote!r}", 30)


def a_refused_manifest_shows_its_exit_code_and_its_problem_in_the_state_of_the_pod(world):
    pod = injected(world, "refused", {"secrets": [{"name": "db-password", "mod": "0400"}]})
    ended = eventually(lambda: pod.status("akv-sync").get("lastState", {}).get("terminated"), "the sidecar ends", 30)
    expect(ended["exitCode"] == 3, f"it ended as {ended}")
    expect("unknown key `mod`" in ended["message"], f"its message is {ended['message']}")


def a_pod_that_got_no_token_says_so_in_its_log(world):
    quote = "not an Azure machine"
    expect(f"`{quote}`" in PAGE, f"the page does not quote {quote!r}")
    pod = world.sidecar("no-token", NOT_THERE, workloadIdentity={"enabled": False})
    pod.await_log(quote, seconds=30)


def a_pod_outside_of_the_restricted_standard_is_refused_for_the_application_alone(world):
    quote = 'violates PodSecurity "restricted:latest"'
    expect(f"`{quote}`" in PAGE, f"the page does not quote {quote!r}")
    try:
        world.sidecar("too-free", NOT_THERE, application(securityContext={}))
    except Failure as refusal:
        # The API server's answer is JSON.
        said = str(refusal).replace('\\"', '"')
        expect(quote in said and 'container "app"' in said, said)
        expect("akv-sync" not in said.split("violates")[1], said)
    else:
        raise Failure("the pod was taken")


def injected(world, name, entries):
    return world.injected_by_command(name, entries, application(volumeMounts=[]))


def out_of_patience(pod):
    (sidecar,) = pod["spec"]["initContainers"]
    if "startupProbe" in sidecar:
        sidecar["startupProbe"]["failureThreshold"] = 1
    else:
        sidecar["lifecycle"]["postStart"]["exec"]["command"][-1] = "1s"


def without_manifest(pod):
    for volume in pod["spec"]["volumes"]:
        if volume["name"] == "akv-manifest":
            volume["projected"]["sources"][0]["configMap"]["name"] = "no-such-manifest"


def matches(quote, text):
    return re.search(".*".join(map(re.escape, quote.split("…"))), text)
