"""Files for `az`, Docker and others: their shape, and the manifests in them. The platforms themselves are not here."""

import base64
import py_compile
import re

import yaml
from example import VOLUME
from identities import trusted


def known(what, keys, *names):
    """No key that the platform does not document."""
    unknown = set(keys) - set(" ".join(names).split())
    assert not unknown, f"{what}: {sorted(unknown)}"


def read(example, name):
    return yaml.safe_load((example.folder / name).read_text())


def mounts_are_volumes(containers, volumes, key):
    names = {volume["name"] for volume in volumes}
    for container in containers:
        for mount in container["volumeMounts"]:
            assert mount[key] in names, mount
            assert mount["mountPath"] in (str(VOLUME), "/etc/akv-sync"), mount


def dotnet(example):
    example.once()
    assert (VOLUME / "settings/Database__Password").read_text()


def passwordless(example):
    example.once()
    assert {path.name for path in (VOLUME / "tls").iterdir()} == {"tls.crt", "tls.key"}
    py_compile.compile(str(example.folder / "app.py"), str(example.work / "app.pyc"), doraise=True)


def compose(example):
    """The service runs with the identity and the manifest that the file gives it."""
    file = read(example, "compose.yaml")
    known("compose.yaml", file, "services volumes secrets")
    service = file["services"]["akv-sync"]
    known(
        "akv-sync", service, "image command user read_only cap_drop security_opt restart environment secrets volumes tmpfs healthcheck"
    )
    sources = {volume.split(":")[0] for each in file["services"].values() for volume in each["volumes"]}
    assert sources == {"akv", "./manifest.yaml"} and set(service["secrets"]) == set(file["secrets"])
    certificate = example.work / "certificate.pem"
    example.said(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=compose", "-days", "2", "-keyout", "key", "-out", certificate]
    )
    example.world.tell("POST", "application/certificates", certificate.read_bytes())
    client = VOLUME.parent.parent / "run/secrets/entra"
    client.parent.mkdir()
    client.write_text(certificate.read_text() + (example.work / "key").read_text())
    example.once(env={**service["environment"], **trusted(example)})
    assert (VOLUME / "db/password").read_text()


def container_apps(example):
    """As `az containerapp create --yaml` takes it."""
    app = read(example, "container-app.yaml")
    known("the app", app, "location type identity properties")
    known("properties", app["properties"], "environmentId configuration template")
    known("configuration", app["properties"]["configuration"], "activeRevisionsMode ingress secrets")
    template = app["properties"]["template"]
    known("template", template, "scale containers volumes")
    for container in template["containers"]:
        known("a container", container, "name image args command env resources probes volumeMounts")
    mounts_are_volumes(template["containers"], template["volumes"], "volumeName")
    (secret,) = app["properties"]["configuration"]["secrets"]
    assert template["volumes"][1]["secrets"][0]["secretRef"] == secret["name"]
    publishes(example, secret["value"])


def container_instances(example):
    """As `az container create --file` takes it."""
    group = read(example, "container-group.yaml")
    known("the group", group, "apiVersion location name type identity properties")
    known("properties", group["properties"], "osType restartPolicy containers volumes")
    containers = [container["properties"] for container in group["properties"]["containers"]]
    for container in containers:
        known("a container", container, "image command resources livenessProbe volumeMounts")
    mounts_are_volumes(containers, group["properties"]["volumes"], "name")
    text = base64.b64decode(group["properties"]["volumes"][1]["secret"]["manifest.yaml"], validate=True).decode()
    assert text == (example.folder / "manifest.yaml").read_text(), "the base64 is another manifest"
    publishes(example, text)


def app_service(example):
    """Brackets that fit, the documented kinds of resources and their keys, and the manifest."""
    text = re.sub(r"//.*", "", (example.folder / "main.bicep").read_text())
    assert all(text.count(a) == text.count(b) for a, b in ("{}", "[]", "()")) and text.count("'") % 2 == 0
    resources = re.findall(r"^resource \w+ '([\w./]+)@[\d-]+' = {\n(.*?)^}", text, re.S | re.M)
    kinds = [kind for kind, _ in resources]
    assert kinds == ["Microsoft.Web/sites"] + ["Microsoft.Web/sites/sitecontainers"] * 2, kinds
    for _, body in resources[1:]:
        keys = re.findall(r"^    (\w+):", body, re.M)
        known("a side container", keys, "image isMain targetPort authType startUpCommand volumeMounts")
    example.once(env={**endpoint(example), **trusted(example)})
    assert (VOLUME / "db/password").read_text()


def virtual_machine(example):
    text = (example.folder / "cloud-init.yaml").read_text()
    assert text.startswith("#cloud-config\n")
    machine = yaml.safe_load(text)
    known("cloud-init", machine, "users write_files runcmd")
    written = {file["path"]: file["content"] for file in machine["write_files"]}
    assert written["/etc/akv-sync/manifest.yaml"] == (example.folder / "manifest.yaml").read_text(), "cloud-init has another manifest"
    unit = written["/etc/systemd/system/akv-sync.service"]
    assert "ExecStart=/usr/local/bin/akv-sync run --manifest /etc/akv-sync/manifest.yaml\n" in unit
    files = VOLUME.parent.parent / "run/akv-sync"
    files.mkdir()
    example.once(env=trusted(example))
    assert (files / "files/db/password").read_text()


def publishes(example, text):
    """A manifest that is in another file."""
    manifest = example.work / "manifest.yaml"
    manifest.write_text(text)
    example.check(manifest)
    example.once(manifest, env=trusted(example))
    assert (VOLUME / "db/password").read_text()


def endpoint(example):
    return {name: example.world.values[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}


SCENES = {
    "dotnet": dotnet,
    "passwordless": passwordless,
    "compose": compose,
    "container-apps": container_apps,
    "container-instances": container_instances,
    "app-service": app_service,
    "virtual-machine": virtual_machine,
}
