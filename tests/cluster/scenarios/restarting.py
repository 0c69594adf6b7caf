"""The hook `exit`: applications that cannot reload are restarted in place (KEP-5532), where the cluster can."""

import json
import subprocess

import workload
from cluster import ROOT, eventually, expect
from workload import application, secrets

RULE = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [88]}}
GATE = "RestartAllContainersOnContainerExits"


def the_hook_exit_restarts_all_containers_in_place_and_once(world):
    pod = exiting(world, "restart")
    before = pod.get()
    world.azure.set_secret("restart", "two")
    pod.await_log("found two", "app", 60)
    pod.await_ready()
    after = pod.get()
    for part in (("metadata", "uid"), ("status", "podIP")):
        expect(before[part[0]][part[1]] == after[part[0]][part[1]], f"the pod has another {part[1]}")
    sync = pod.run("akv-sync", "/akv-sync", "sync")
    expect(sync.returncode == 0, f"sync ended with {sync.returncode}: {sync.stdout}{sync.stderr}")
    restarts = {one["name"]: one["restartCount"] for one in pod.statuses()}
    expect(restarts == {"akv-sync": 1, "app": 1}, f"containers were restarted: {restarts}")


def without_the_rule_the_hook_exit_restarts_the_sidecar_alone(world):
    """As in a cluster that does not know the rule and drops it."""

    def without_rule(pod):
        (sidecar,) = pod["spec"]["initContainers"]
        expect(sidecar.pop("restartPolicyRules", None) == [RULE], "the chart has no rule for the hook's code")

    pod = exiting(world, "no-rule", without_rule)
    world.azure.set_secret("no-rule", "two")
    eventually(lambda: pod.status("akv-sync").get("restartCount") == 1, "the sidecar is restarted")
    ended = pod.status("akv-sync")["lastState"]["terminated"]
    expect(ended["exitCode"] == 88, f"the sidecar ended as {ended}")
    pod.await_ready()
    expect(pod.status("app")["restartCount"] == 0, "the application was restarted")
    expect(pod.read("/mnt/akv/current") == "two", "the file is not the new one")


def an_API_server_without_the_feature_gate_refuses_the_rule(world):
    """A second control plane, in a network of its own."""
    folder = world.work / "without-gate"
    folder.mkdir()
    pod = workload.labelled_pod("gated", [application(volumeMounts=[])])
    pod["spec"]["serviceAccountName"] = "default"
    sidecar = application(volumeMounts=[], name="akv-sync", restartPolicy="Always", restartPolicyRules=[RULE])
    pod["spec"]["initContainers"] = [sidecar]
    script = """
        ip link set lo up
        "$1/tests/cluster/control-plane" start "$2" --feature-gates="$3=false"
        "$1/tests/cluster/control-plane" namespace "$2" app >/dev/null
        "$1/target/cluster/bin/kubectl" --kubeconfig "$2/admin.kubeconfig" --namespace app \\
            create --dry-run=server --output=json -f -"""
    command = ["unshare", "--net", "--pid", "--fork", "--kill-child", "bash", "-euc", script, "-", ROOT, folder, GATE]
    done = subprocess.run(command, input=json.dumps(pod), capture_output=True, text=True, timeout=120)
    expect(done.returncode != 0, "the API server takes the rule")
    expect("restartPolicyRules are not allowed" in done.stderr, f"{done.stdout}{done.stderr}")


def exiting(world, name, change=lambda pod: None):
    """A pod that runs with the first version of a secret, and a hook that ends the sidecar at the next."""
    world.azure.set_secret(name, "one")
    entries = secrets(current=name) | {"hooks": [{"name": "restart", "exit": {"code": 88}, "splay": "1s"}]}
    app = application('echo "found $(cat /mnt/akv/current)" && exec sleep 3600')
    pod = world.sidecar(name, entries, app, change=change).await_running("app")
    pod.await_log("found one", "app", 10)
    return pod
