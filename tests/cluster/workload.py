"""The pods of the scenarios: what a chart renders, then what only this cluster adds."""

import json
import shutil
import subprocess
import tarfile

from cluster import NAMESPACE, ROOT, Failure

HELM = ROOT / "target/tools/bin/helm"


def name_of(archive):
    """The name by which an OCI archive is loaded."""
    with tarfile.open(archive) as tar:
        (image,) = json.load(tar.extractfile("./index.json"))["manifests"]
    return image["annotations"]["org.opencontainers.image.ref.name"]


IMAGE = name_of(ROOT / "target/cluster/images/akv-sync.tar")
USER = {"runAsUser": 1001, "runAsGroup": 1001}
RESTRICTED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
TOKEN_FOLDER = "/var/run/secrets/azure/wi/token"
AUTHORITY_FOLDER = "/etc/test-authority"


def make_chart(folder):
    """The chart of the pods, with the product's chart among its dependencies."""
    shutil.copytree(ROOT / "tests/cluster/chart", folder)
    shutil.copytree(ROOT / "charts/akv-sync", folder / "charts/akv-sync")


def pod_of_the_chart(chart, name, entries, containers, interval="10s", on_start="fresh", **values):
    """A pod with these containers and a manifest of these entries, as YAML; `values` are further ones of the product's chart."""
    product = {"image": image(), "manifest": manifest(entries, interval, on_start), **values}
    values = {"containers": containers or [application()], "akv-sync": product}
    return helm(name, chart, NAMESPACE, values, "--skip-tests")


def release_of_the_chart(name, entries):
    """All that `helm install` and `helm test` make, with the chart's own application, as YAML."""
    values = {
        "image": image(),
        "manifest": manifest(entries),
        "serviceAccount": {"name": "contoso"},
        "demo": {"enabled": True},
    }
    return helm(name, ROOT / "charts/akv-sync", NAMESPACE, values)


def injection_policies(namespace):
    """The admission policies of the product's chart, as YAML."""
    return helm("akv-sync", ROOT / "charts/akv-sync", namespace, {"image": image(), "injection": {"enabled": True}})


def helm(name, chart, namespace, values, *options):
    command = [HELM, "template", name, chart, "--namespace", namespace, "--kube-version", "1.36", "--values", "-", *options]
    done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"helm ended with {done.returncode}: {done.stderr}")
    return done.stdout


def image():
    repository, tag = IMAGE.rsplit(":", 1)
    return {"repository": repository, "tag": tag}


def manifest(entries, interval="10s", on_start="fresh"):
    """What a manifest says besides what the chart says in all of them."""
    return {
        "vaults": [{"name": "app", "url": "https://contoso-app.vault.azure.net"}],
        "volume": {"path": "/mnt/akv", "group": 2000},
        "refresh": {"interval": interval, "onStart": on_start},
        **entries,
    }


def labelled_pod(name, containers):
    """A pod as its author writes it who wants the sidecar injected: a label, and the name of the manifest's ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "labels": {"akv-sync/inject": "true", "azure.workload.identity/use": "true"},
            "annotations": {"akv-sync/manifest": name},
        },
        "spec": {
            "nodeName": "node1",
            "serviceAccountName": "contoso",
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "fsGroup": 2000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": containers,
        },
    }


def manifest_for_injection(name, entries):
    text = json.dumps({"apiVersion": "akv-sync/v1", "kind": "SyncManifest", **manifest(entries)})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"manifest.yaml": text}}


def secrets(**names):
    """Entries for secrets: each path and the name of its secret."""
    return {"secrets": [{"name": name, "path": path} for path, name in names.items()]}


def application(script="while :; do sleep 1; done", **more):
    return {
        "name": "app",
        "image": "localhost/application:test",
        "command": ["sh", "-c", script],
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": RESTRICTED | USER,
        "volumeMounts": [{"name": "akv", "mountPath": "/mnt/akv", "readOnly": True}],
        **more,
    }


def without_controllers(thing):
    """The pod that the controller of a Deployment or Job would make; there is none here. Other things stay."""
    if thing["kind"] not in ("Deployment", "Job"):
        return thing
    template = thing["spec"]["template"]
    metadata = {**template["metadata"], "name": thing["metadata"]["name"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def authority_of(azure):
    """The ConfigMap by which pods trust a fake Azure."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": authority_name(azure)},
        "data": {"ca.pem": azure.authority.read_text()},
    }


def authority_name(azure):
    return f"authority-{azure.address}"


def containers_of(pod):
    return pod["spec"].get("initContainers", []) + pod["spec"]["containers"]


def in_this_cluster(pod, azure):
    """No scheduler, no registry, no name server, and an Azure with an authority of its own."""
    spec = pod["spec"]
    pod["metadata"]["namespace"] = NAMESPACE
    spec["nodeName"] = "node1"
    spec["hostAliases"] = [
        {"ip": azure.address, "hostnames": ["login.microsoftonline.com", "contoso-app.vault.azure.net"]}
    ]
    spec["volumes"].append({"name": "test-authority", "configMap": {"name": authority_name(azure)}})
    for container in containers_of(pod):
        container["imagePullPolicy"] = "Never"
        if container["name"].startswith("akv-sync"):
            container.setdefault("env", []).append({"name": "SSL_CERT_FILE", "value": f"{AUTHORITY_FOLDER}/ca.pem"})
            container["volumeMounts"].append({"name": "test-authority", "mountPath": AUTHORITY_FOLDER})


def as_workload_identity(pod, azure):
    """What the webhook of azure-workload-identity 1.6 adds to a pod with its label."""
    if pod["metadata"].get("labels", {}).get("azure.workload.identity/use") != "true":
        return
    token = {"path": "azure-identity-token", "audience": "api://AzureADTokenExchange", "expirationSeconds": 600}
    pod["spec"]["volumes"].append(
        {"name": "azure-identity-token", "projected": {"sources": [{"serviceAccountToken": token}]}}
    )
    for container in containers_of(pod):
        container.setdefault("env", []).extend(
            {"name": name, "value": value}
            for name, value in (
                ("AZURE_CLIENT_ID", azure.settings["AZURE_CLIENT_ID"]),
                ("AZURE_TENANT_ID", azure.settings["AZURE_TENANT_ID"]),
                ("AZURE_FEDERATED_TOKEN_FILE", f"{TOKEN_FOLDER}/azure-identity-token"),
                ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"),
            )
        )
        container["volumeMounts"].append(
            {"name": "azure-identity-token", "mountPath": TOKEN_FOLDER, "readOnly": True}
        )
