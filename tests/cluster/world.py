"""What a scenario works with: the cluster, its Azure, and the pods that it makes."""

import itertools
import json
import ssl
import subprocess

import workload
from azure import Azure
from cluster import NAMESPACE, ROOT, Failure, eventually, expect
from pod import Pod

EXAMPLES = ROOT / "examples"


class World:
    """Everything is made in it; a scenario has a view of its own, which ends with it."""

    def __init__(self, cluster, program, fake, work):
        self.cluster, self.program, self.fake, self.work = cluster, program, fake, work
        self.numbers = itertools.count(1)
        self.keys = work / "keys.json"
        self.keys.write_text(cluster.call("GET", "/openid/v1/jwks"))
        for account in ("contoso", "nginx", "stranger"):
            cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}})
        self.chart = work / "chart"
        workload.make_chart(self.chart)
        self.azure = self.another_azure()
        policies = workload.injection_policies("akv-sync")
        cluster.kubectl("apply", "--namespace", "akv-sync", "-f", "-", stdin=policies)

    def for_one_scenario(self):
        return View(self)

    def another_azure(self):
        number = next(self.numbers)
        if number > 1:  # The first is the node's own address.
            subprocess.run(["ip", "address", "add", f"10.97.0.{number}/32", "dev", "akv-sync0"], check=True)
        subjects = [f"system:serviceaccount:{NAMESPACE}:{account}" for account in ("contoso", "nginx")]
        azure = Azure(self.fake, self.work / f"azure-{number}", number, self.keys, subjects)
        self.cluster.create(workload.authority_of(azure))
        return azure


class View:
    def __init__(self, world):
        self.world, self.cluster, self.azure, self.work = world, world.cluster, world.azure, world.work
        self.pods = []
        self.azures = []

    def azure_of_its_own(self):
        self.azures.append(self.world.another_azure())
        return self.azures[-1]

    def sidecar(self, name, entries, *containers, change=lambda pod: None, azure=None, **options):
        """A pod with the sidecar, a manifest of these entries, and a container that does nothing if none is given."""
        yaml = workload.pod_of_the_chart(self.world.chart, name, entries, containers, **options)
        return self.start(self.cluster.objects(yaml), azure or self.azure, change)

    def injected_by_policy(self, name, entries, *containers):
        """A pod with the label of the admission policies, and the sidecar that these add."""
        written = workload.labelled_pod(name, containers)
        made = eventually(lambda: self.with_sidecar(written), "the admission policies are in force", 20)
        return self.start_injected(entries, {**written, "spec": made["spec"]})

    def injected_by_command(self, name, entries, *containers):
        """The same pod, with the sidecar that `akv-sync inject` adds."""
        command = [self.world.program, "inject", "--image", workload.IMAGE]
        written = json.dumps(workload.labelled_pod(name, containers))
        done = subprocess.run(command, input=written, capture_output=True, text=True)
        expect(done.returncode == 0, f"inject ended with {done.returncode}: {done.stderr}")
        (pod,) = self.cluster.objects(done.stdout)
        return self.start_injected(entries, pod)

    def start_injected(self, entries, pod):
        manifest = workload.manifest_for_injection(pod["metadata"]["name"], entries)
        return self.start([manifest, pod], self.azure, lambda pod: None)

    def with_sidecar(self, written):
        """What the API server would make of a pod; None until both policies are in force."""
        try:
            made = self.cluster.call("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All", written)
        except Failure as refusal:
            if "akv-sync was not added" in str(refusal):  # by the one, and the other sees that
                return None
            raise
        return made if made["spec"].get("initContainers") else None

    def example(self, name, images):
        """The pod of an example of the repository, as it is, but for the images."""
        yaml = self.cluster.kubectl("kustomize", str(EXAMPLES / name)).stdout
        for image, here in images.items():
            expect(image in yaml, f"the example has no image {image}")
            yaml = yaml.replace(image, here)
        return self.start(self.cluster.objects(yaml), self.azure, lambda pod: None)

    def start(self, objects, azure, change):
        """Makes the objects; the pod among them, or the last of several."""
        for thing in map(workload.without_controllers, objects):
            if thing["kind"] == "ConfigMap":
                self.cluster.create(thing)
            if thing["kind"] == "Pod":
                workload.in_this_cluster(thing, azure)
                workload.as_workload_identity(thing, azure)
                change(thing)
                self.cluster.create(thing)
                self.pods.append(Pod(self.cluster, thing["metadata"]["name"]))
        return self.pods[-1]

    def release(self, name, entries):
        """The pods of the chart as it is installed: that of its demo, and that of its test."""
        self.start(self.cluster.objects(workload.release_of_the_chart(name, entries)), self.azure, lambda pod: None)
        return self.pods

    def edit_manifest(self, pod, edit):
        """Writes another manifest into the pod's ConfigMap: what `edit` makes of its text."""
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{pod.name}-akv-sync-manifest"
        thing = self.cluster.call("GET", path)
        thing["data"]["manifest.yaml"] = edit(thing["data"]["manifest.yaml"])
        self.cluster.call("PUT", path, thing)

    def end(self):
        for pod in self.pods:
            pod.remove()
        for azure in self.azures:
            azure.end()


def served_certificate(address, port):
    """The certificate that a TLS server presents, in PEM."""
    return ssl.get_server_certificate((address, port), timeout=10)
