"""Judges the admission policies of the chart: see tests/cluster/policies.

    policies.py WORK AKV_SYNC

A line for each case. What the API server makes of a pod is compared with what it makes of the same pod after `akv-sync inject`.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts/akv-sync"
IMAGE = "registry.example.com/akv-sync"
FILES = "akv"
OURS = {"akv-sync", "akv-sync-init"}


class Failure(Exception):
    """A case did not see what it should."""


def expect(condition, what):
    if not condition:
        raise Failure(what)


def run(*words, stdin=None):
    return subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True, timeout=120)


def output(*words, stdin=None):
    done = run(*words, stdin=stdin)
    expect(done.returncode == 0, f"{words[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def eventually(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < deadline, f"not after {seconds} s: {what}")
        time.sleep(0.2)


# --- Pods -------------------------------------------------------------------------------------------------------------


def container(name, **more):
    context = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {"name": name, "image": f"registry.example.com/{name}", "securityContext": context, **more}


def pod(annotations=None, label="true", containers=None, **spec):
    """One that asks for akv-sync, and is within the Pod Security Standard `restricted`."""
    said = {"akv-sync/manifest": "web-manifest", **(annotations or {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "web",
            "labels": {"app": "web", "akv-sync/inject": label},
            "annotations": {key: value for key, value in said.items() if value is not None},
        },
        "spec": {
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": containers or [container("web")],
            **spec,
        },
    }


def mounts(*pairs, **more):
    return {"volumeMounts": [{"name": name, "mountPath": path, **more} for name, path in pairs]}


ELSEWHERE = {"volumes": [{"name": "data", "emptyDir": {}}]}
IN_MEMORY = {"name": FILES, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}

ADDED = {
    "a plain pod": pod(),
    "a pod that has no volume at all": pod(automountServiceAccountToken=False),
    "a pod with a volume of its own": pod(containers=[container("web", **mounts(("data", "/data")))], **ELSEWHERE),
    "a pod with init containers": pod(initContainers=[container("migrate"), container("warm")]),
    "a pod with two containers": pod(containers=[container("web"), container("log", **mounts(("data", "/d")))], **ELSEWHERE),
    "a pod that names its containers": pod(
        {"akv-sync/containers": "web, migrate"},
        containers=[container("web"), container("log")],
        initContainers=[container("migrate")],
    ),
    "mode init": pod({"akv-sync/mode": "init"}, restartPolicy="Never"),
    "mode both": pod({"akv-sync/mode": "both"}, initContainers=[container("migrate")]),
    "another mount path": pod({"akv-sync/mount-path": "/var/files"}),
    "other resources": pod(
        {
            "akv-sync/size-limit": "64Mi",
            "akv-sync/memory-limit": "0.5Gi",
            "akv-sync/memory-request": "40M",
            "akv-sync/cpu-limit": "1",
            "akv-sync/cpu-request": "0.1",
        }
    ),
    "another image": pod({"akv-sync/image": "registry.example.com/other@sha256:" + "0" * 64, "akv-sync/image-pull-policy": "Always"}),
    "an annotation without a text": pod({"akv-sync/mode": "", "akv-sync/containers": "", "akv-sync/cpu-limit": ""}),
    "a token of the admin port": pod({"akv-sync/admin-token": "web-token"}),
    "a hook that ends the sidecar": pod({"akv-sync/exit-codes": "88, 064", "akv-sync/mode": "both"}),
    "a volume akv in memory that is there": pod(
        containers=[container("web", **mounts((FILES, "/mnt/akv"), readOnly=True)), container("log", **mounts((FILES, "/x")))],
        volumes=[IN_MEMORY],
    ),
    "a volume akv that is mounted with a slash": pod(
        containers=[container("web", **mounts((FILES, "/mnt/akv/"), readOnly=True))], volumes=[IN_MEMORY]
    ),
    "a mount above the mount path": pod(containers=[container("web", **mounts(("data", "/mnt")))], **ELSEWHERE),
    "a mount that begins alike": pod(containers=[container("web", **mounts(("data", "/mnt/akv2")))], **ELSEWHERE),
    "a pod with thirty containers and as many mounts": pod(
        containers=[container(f"c{n}", **mounts(*((f"v{m}", f"/v{m}") for m in range(30)))) for n in range(30)],
        volumes=[{"name": f"v{m}", "emptyDir": {}} for m in range(30)],
    ),
    "hostNetwork with a token": pod({"akv-sync/admin-token": "web-token"}, hostNetwork=True),
    "hostNetwork with mode init": pod({"akv-sync/mode": "init"}, hostNetwork=True),
}

# The pod, and what of the message tells it from others.
REFUSED = {
    "another value of the label": (pod(label="yes"), 'the label akv-sync/inject is "yes"'),
    "an annotation that is not known": (pod({"akv-sync/mountpath": "/x"}), "the annotation akv-sync/mountpath is not known"),
    "no ConfigMap": (pod({"akv-sync/manifest": None}), "the annotation akv-sync/manifest is missing"),
    "a ConfigMap without a name": (pod({"akv-sync/manifest": ""}), "the annotation akv-sync/manifest is missing"),
    "an unknown mode": (pod({"akv-sync/mode": "daemon"}), 'the mode "daemon" is not known'),
    "a mount path that is not absolute": (pod({"akv-sync/mount-path": "files"}), 'the mount path "files" cannot be used'),
    "a mount path with a slash at its end": (pod({"akv-sync/mount-path": "/x/"}), 'the mount path "/x/" cannot be used'),
    "a mount path that goes up": (pod({"akv-sync/mount-path": "/x/../y"}), 'the mount path "/x/../y" cannot be used'),
    "a mount path of ours": (pod({"akv-sync/mount-path": "/etc/akv-sync/x"}), '"/etc/akv-sync/x" clashes with /etc/akv-sync, which'),
    "a mount path that covers the program": (pod({"akv-sync/mount-path": "/akv-sync"}), '"/akv-sync" clashes with /akv-sync, which'),
    "a mount path above the authorities": (pod({"akv-sync/mount-path": "/etc/ssl"}), '"/etc/ssl" clashes with /etc/ssl/certs, which'),
    "a mount path in the kernel's": (pod({"akv-sync/mount-path": "/proc/x"}), '"/proc/x" clashes with /proc, which'),
    "an unknown pull policy": (pod({"akv-sync/image-pull-policy": "always"}), 'the pull policy "always" is not known'),
    "a container that is not there": (pod({"akv-sync/containers": "web, wep"}), 'names "wep", which the pod does not have'),
    "an exit code that hooks cannot have": (pod({"akv-sync/exit-codes": "88,114"}), 'the exit code "114" cannot be used'),
    "an exit code that is no number": (pod({"akv-sync/exit-codes": "88,"}), 'the exit code "" cannot be used'),
    "a mount at the same path": (
        pod(containers=[container("web"), container("log", **mounts(("data", "/mnt/akv")))], **ELSEWHERE),
        "the container log mounts the volume data at /mnt/akv, where",
    ),
    "a mount at the same path with a slash": (
        pod(containers=[container("web", **mounts(("data", "/mnt/akv/")))], **ELSEWHERE),
        "the container web mounts the volume data at /mnt/akv/, where",
    ),
    "a mount below that path": (
        pod(containers=[container("web", **mounts(("data", "/mnt/akv/data")))], **ELSEWHERE),
        "the container web mounts the volume data at /mnt/akv/data, where",
    ),
    "a mount at the same path, written otherwise": (
        pod(containers=[container("web", **mounts(("data", "mnt//./akv")))], **ELSEWHERE),
        "the container web mounts the volume data at mnt//./akv, where",
    ),
    "a mount of the volume below that path": (
        pod(containers=[container("web", **mounts((FILES, "/mnt/akv/x")))], volumes=[IN_MEMORY]),
        "the container web mounts the volume akv at /mnt/akv/x, where",
    ),
    "a mount that goes up": (
        pod(containers=[container("web", **mounts(("data", "/mnt/x/../akv")))], **ELSEWHERE),
        "the container web mounts the volume data at /mnt/x/../akv, which may be",
    ),
    "a subPath of the volume": (
        pod(containers=[container("web", **mounts((FILES, "/tls"), subPath="tls"))], volumes=[IN_MEMORY]),
        "the container web mounts the volume akv by subPath",
    ),
    "a volume akv on a disk": (pod(volumes=[{"name": FILES, "emptyDir": {}}]), "the volume akv is no emptyDir with medium Memory"),
    "a volume akv of another type": (
        pod(volumes=[{"name": FILES, "configMap": {"name": "x"}}]),
        "the volume akv is no emptyDir with medium Memory",
    ),
    "a volume that has a name of ours": (
        pod(volumes=[{"name": "akv-admin", "emptyDir": {}}]),
        "the pod has a volume akv-admin, whose name",
    ),
    "hostNetwork without a token": (pod(hostNetwork=True), "the pod has hostNetwork, where"),
    "a quantity that is none": (pod({"akv-sync/size-limit": "16mi"}), '"16mi" is no quantity'),
    "a volume of no size": (pod({"akv-sync/size-limit": "1m"}), "1m is less than 4Ki, which"),
    "less than nothing": (pod({"akv-sync/cpu-request": "-1"}), "-1 is less than 0, which"),
    "a CPU request above the limit": (
        pod({"akv-sync/cpu-request": "1", "akv-sync/cpu-limit": "500m"}),
        "the cpu request 1 is more than the limit 500m",
    ),
    "a memory request above the limit": (
        pod({"akv-sync/memory-request": "64Mi"}),
        "the memory request 64Mi is more than the limit 48Mi",
    ),
    "the port of the admin server": (
        pod(containers=[container("web", ports=[{"containerPort": 8181}])]),
        "the container web has the port 8181",
    ),
    "a pod that runs as root": (
        pod(securityContext={"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}}),
        "the pod has runAsUser 0, with which",
    ),
    "less memory than the volume may take": (pod({"akv-sync/size-limit": "17Mi"}), "the memory limit 48Mi is less than 32Mi and the size"),
}


# --- The API server ---------------------------------------------------------------------------------------------------


def namespace(subject):
    """`restricted` forbids hostNetwork and root; all else has to be within it."""
    spec = subject["spec"]
    return "open" if spec.get("hostNetwork") or spec["securityContext"].get("runAsUser") == 0 else "app"


def kubectl_create(subject):
    return run(
        "kubectl", "create", "--dry-run=server", "--output=json", "--namespace", namespace(subject), "--filename=-",
        stdin=subject if isinstance(subject, str) else json.dumps(subject),
    )  # fmt: skip


def admitted(subject, where=None):
    """What the API server makes of it, without what differs each time."""
    text = subject if isinstance(subject, str) else json.dumps(subject)
    made = json.loads(
        output(
            "kubectl", "create", "--dry-run=server", "--output=json", "--filename=-",
            "--namespace", where or namespace(subject), stdin=text,
        )  # fmt: skip
    )
    return without_chance(made)


def without_chance(made):
    """The token's volume has another name each time, and comes before or behind ours."""
    spec = made["spec"]
    chance = next((v["name"] for v in spec.get("volumes", []) if v["name"].startswith("kube-api-access-")), None)
    spec = json.loads(json.dumps(spec).replace(chance, "kube-api-access")) if chance else spec
    by_place = lambda item: (item["name"], item.get("mountPath", ""))  # noqa: E731
    spec.setdefault("volumes", []).sort(key=by_place)
    for one in spec["containers"] + spec.get("initContainers", []):
        one.setdefault("volumeMounts", []).sort(key=by_place)
    kept = ("name", "labels", "annotations")
    return {"metadata": {key: value for key, value in made["metadata"].items() if key in kept}, "spec": spec}


def difference(one, other):
    """The first place where two values are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                return f".{key}{difference(one.get(key), other.get(key))}"
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other)):
            if left != right:
                return f"[{number}]{difference(left, right)}"
    return f" is {one} and {other}"


def same(one, other, what):
    expect(one == other, f"{what}: {difference(one, other)}")


def injected(program, subject, *flags):
    """What `akv-sync inject` makes of it."""
    return output(program, "inject", "--image", IMAGE_OF_CHART, *flags, stdin=json.dumps(subject))


def said_by_server(subject):
    done = run(
        "kubectl", "create", "--dry-run=server", "--namespace", namespace(subject), "--filename=-", stdin=json.dumps(subject)
    )
    expect(done.returncode != 0, "the API server takes it")
    _, denied, text = done.stderr.partition(" denied request: ")
    expect(denied, f"refused by something else: {done.stderr}")
    return sorted(text.strip().split("; "))


def said_by_inject(program, subject):
    done = run(program, "inject", "--log-format=json", "--image", IMAGE_OF_CHART, stdin=json.dumps(subject))
    expect(done.returncode == 3, f"inject ended with {done.returncode}: {done.stderr}")
    expect(done.stdout == "", "inject printed something")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    return sorted(line["error"] for line in lines if line["message"] == "Cannot be added to workload")


# --- Cases ------------------------------------------------------------------------------------------------------------


def is_added(program, subject):
    server = admitted(subject)
    names = {one["name"] for one in server["spec"].get("initContainers", [])}
    expect(names & OURS, "the API server added nothing")
    text = injected(program, subject)
    same(server, admitted(text, namespace(subject)), "policy and inject differ")


def as_json(text):
    return output("kubectl", "create", "--dry-run=client", "--output=json", "--filename=-", stdin=text)


def is_refused(program, subject, text):
    server = said_by_server(subject)
    expect(any(one.startswith(text) or text in one for one in server), f"refused with {server}")
    same(server, said_by_inject(program, subject), "policy and inject say different things")


def stays(subject):
    """The API server leaves it as it makes it without the label."""
    plain = json.loads(json.dumps(subject))
    del plain["metadata"]["labels"]["akv-sync/inject"]
    made, expected = admitted(subject), admitted(plain)
    same(made["spec"], expected["spec"], "something was added")


def a_pod_that_has_it_stays(program):
    stays(pod(initContainers=[container("akv-sync", restartPolicy="Always")]))
    stays(pod({"akv-sync/manifest": None}, containers=[container("web"), container("akv-sync")]))
    stays(pod(initContainers=[container("akv-sync-init")], hostNetwork=True))
    text = injected(program, pod())
    expect(injected(program, pod()) == text, "inject gives something else each time")
    again = output(program, "inject", "--image", IMAGE_OF_CHART, stdin=text)
    same(text, again, "inject changed what it had made")


def a_pod_that_does_not_ask_stays(program):
    del program
    stays(pod(label="false"))
    subject = pod(volumes=[{"name": FILES, "emptyDir": {}}])
    del subject["metadata"]["labels"]["akv-sync/inject"]
    admitted(subject)


def all_is_said_at_once(program):
    subject = pod({"akv-sync/manifest": None, "akv-sync/mode": "x", "akv-sync/cpu-limit": "y"}, hostNetwork=True)
    is_refused(program, subject, "the mode")
    expect(len(said_by_server(subject)) == 4, "not all is said")


ANOTHER_POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{ name: {name} }}
spec:
  failurePolicy: Fail
  reinvocationPolicy: IfNeeded
  matchConstraints:
    objectSelector: {{ matchLabels: {{ akv-sync/inject: "true" }} }}
    resourceRules: [{{ apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods] }}]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: 'Object{{metadata: Object.metadata{{labels: {{"{name}": "yes"}}}}}}'
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {{ name: {name} }}
spec: {{ policyName: {name} }}
"""


def called_again_it_adds_nothing_more(program):
    """Policies before and behind it change the pod, so that it is called twice."""
    policies = "---".join(ANOTHER_POLICY.format(name=name) for name in ("aa-other", "zz-other"))
    output("kubectl", "apply", "--filename=-", stdin=policies)
    try:
        eventually(lambda: {"aa-other", "zz-other"} <= admitted(pod())["metadata"]["labels"].keys(), "other policies count")
        is_added(program, pod({"akv-sync/mode": "both"}))
        made = admitted(pod({"akv-sync/mode": "both"}))["spec"]
        expect([one["name"] for one in made["initContainers"]] == ["akv-sync-init", "akv-sync"], "it was added twice")
    finally:
        output("kubectl", "delete", "--filename=-", stdin=policies)
    eventually(lambda: "zz-other" not in admitted(pod())["metadata"]["labels"], "other policies are gone")


def what_the_platform_says_counts_and_without_it_nothing_starts(program):
    before = output("kubectl", "get", "configmap", "test-akv-sync-injection", "--namespace=platform", "--output=json")
    patch = {"data": {"mode": "both", "mount-path": "/files", "cpu-limit": "2", "memory-request": ""}}
    change = ("configmap", "test-akv-sync-injection", "--namespace=platform")
    output("kubectl", "patch", *change, "--type=merge", "--patch", json.dumps(patch))
    names = lambda: [one["name"] for one in admitted(pod())["spec"]["initContainers"]]  # noqa: E731
    eventually(lambda: names() == ["akv-sync-init", "akv-sync"], "the new default counts")
    flags = ("--mode=both", "--mount-path=/files", "--cpu-limit=2")
    for subject in (pod(), pod({"akv-sync/mode": "init", "akv-sync/mount-path": "/own"})):
        same(admitted(subject), admitted(injected(program, subject, *flags), "app"), "policy and inject differ")
    output("kubectl", "delete", *change)
    eventually(lambda: kubectl_create(pod()).returncode != 0, "a pod is refused without the ConfigMap")
    expect("configmap" in kubectl_create(pod()).stderr.lower() or "param" in kubectl_create(pod()).stderr, "no reason")
    kept = json.loads(before)
    kept["metadata"] = {key: kept["metadata"][key] for key in ("name", "namespace", "labels")}
    output("kubectl", "create", "--filename=-", stdin=json.dumps(kept))
    eventually(lambda: kubectl_create(pod()).returncode == 0, "the ConfigMap counts again")


def the_library_part_of_the_chart_has_the_same(program):
    """A pod of another chart that takes containers, volumes and mounts from there, and the same pod without them, injected."""
    folder = pathlib.Path(sys.argv[1]) / "library"
    shutil.copytree(CHART, folder / "akv-sync")
    shutil.copytree(ROOT / "tests/chart/consumer", folder / "consumer")
    output("helm", "dependency", "update", folder / "consumer")
    rendered = output("helm", "template", "test", folder / "consumer", "--show-only=templates/deployment.yaml")
    template = json.loads(as_json(rendered))["spec"]["template"]
    library = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop"}, "spec": template["spec"]}
    library["spec"].pop("serviceAccountName")
    bare = json.loads(json.dumps(library))
    manifest = next(v for v in bare["spec"]["volumes"] if v["name"] == "akv-manifest")["projected"]["sources"][0]["configMap"]["name"]
    bare["metadata"]["labels"] = {"akv-sync/inject": "true"}
    bare["metadata"]["annotations"] = {"akv-sync/manifest": manifest, "akv-sync/mode": "both"}
    spec = bare["spec"]
    spec["initContainers"] = [one for one in spec["initContainers"] if one["name"] not in OURS]
    spec["volumes"] = [one for one in spec["volumes"] if not one["name"].startswith(FILES)]
    for one in spec["containers"]:
        one["volumeMounts"] = [mount for mount in one["volumeMounts"] if mount["name"] != FILES]
    same(admitted(library, "open")["spec"], admitted(bare, "open")["spec"], "library and policy differ")
    same(admitted(library, "open")["spec"], admitted(injected(program, bare), "open")["spec"], "library and inject differ")


OTHERS = (
    a_pod_that_has_it_stays,
    a_pod_that_does_not_ask_stays,
    all_is_said_at_once,
    called_again_it_adds_nothing_more,
    the_library_part_of_the_chart_has_the_same,
    what_the_platform_says_counts_and_without_it_nothing_starts,
)

IMAGE_OF_CHART = ""


def main(program):
    global IMAGE_OF_CHART  # The tag is the chart's appVersion.
    options = ("--namespace=platform", "--set", "injection.enabled=true", "--set", f"image.repository={IMAGE}")
    policies = output("helm", "template", "test", CHART, *options, "--show-only=templates/injection-policy.yaml")
    output("kubectl", "apply", "--namespace=platform", "--filename=-", stdin=policies)
    IMAGE_OF_CHART = next(line.split('"')[1] for line in policies.splitlines() if line.startswith("  image: "))
    eventually(lambda: '"name": "akv-sync"' in kubectl_create(pod()).stdout, "a pod has akv-sync")
    eventually(lambda: kubectl_create(pod(label="yes")).returncode != 0, "a pod is refused")

    cases = [(f"{name} gets akv-sync", is_added, (program, subject)) for name, subject in ADDED.items()]
    cases += [(f"{name} is refused", is_refused, (program, *case)) for name, case in REFUSED.items()]
    cases += [(case.__name__.replace("_", " "), case, (program,)) for case in OTHERS]
    failed = sum(not passes(*case) for case in cases)
    print(f"policies: {len(cases) - failed} cases passed and {failed} failed")
    raise SystemExit(failed > 0)


def passes(name, case, arguments):
    began = time.monotonic()
    try:
        case(*arguments)
    except Failure as failure:
        print(f"policies: FAILED: {name}: {failure}", flush=True)
        return False
    print(f"policies: {name} ({time.monotonic() - began:.1f} s)", flush=True)
    return True


if __name__ == "__main__":
    main(sys.argv[2])
