"""Programs that read settings, over a rotation."""

import base64
import json
import re
import urllib.request

from example import VOLUME
from world import eventually


def flask(example):
    example.run()
    example.start("flask", example.python(example.folder / "app.py"))
    first = eventually("Flask answers", length, explain=example.logs)
    example.set_secret("db-password", "x" * (first + 1), VOLUME / "settings/db_password")
    assert length() == first + 1


def length():
    """What the page says of the password; nothing while there is no page."""
    try:
        with urllib.request.urlopen("http://127.0.0.1:8080/", timeout=10) as answer:
            return json.load(answer)["length of the password"]
    except OSError:
        return None


SIGN = "import django; django.setup(); from django.core.signing import dumps; print(dumps('hello'))"
VERIFY = "import sys, django; django.setup(); from django.core.signing import loads; print(loads(sys.argv[1]))"


def django(example):
    environment = {"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": str(example.folder), "PYTHONDONTWRITEBYTECODE": "1"}
    python = [example.python("-c")[0], "-c"]
    example.run()
    signed = example.said([*python, SIGN], env=environment).strip()
    example.set_secret("session-key", "second session key, of some length", VOLUME / "settings/session_key/0")
    assert example.said([*python, SIGN], env=environment).strip().split(":")[-1] != signed.split(":")[-1]
    assert example.said([*python, VERIFY, signed], env=environment).strip() == "hello"


def spring_boot(example):
    jars = example.world.target / "spring-boot"
    example.once()
    example.said(["javac", "-cp", f"{jars}/*", "-d", "classes", example.folder / "Application.java"])
    said = example.said(["java", "-cp", f"classes:{jars}/*", "Application"])
    for name, file in (("spring.datasource.password", "spring/datasource/password"), ("app.api-key", "app/api-key")):
        length = len((VOLUME / "config" / file).read_text())
        assert f"{name} has {length} characters\n" in said, said


def legacy_ini(example):
    example.run()
    (VOLUME.parent.parent / "run/app").mkdir()
    example.start("app", example.python(example.folder / "app.py"))
    eventually("it has read its file", lambda: "password of" in example.log("app"), explain=example.logs)
    example.set_secret("db-password", "y" * 77, VOLUME / "app.ini")
    eventually("it has read its file again", lambda: "password of 77\n" in example.log("app"), explain=example.logs)


def app_registration(example):
    world = example.world
    environment = {
        "APP_TENANT_ID": world.values["AZURE_TENANT_ID"],
        "APP_CLIENT_ID": world.values["AZURE_CLIENT_ID"],
        "REQUESTS_CA_BUNDLE": str(world.work / "ca.pem"),
    }
    example.run()
    public = VOLUME / "entra/daemon-app.cer"
    for renewed in (False, True):
        if renewed:
            example.renew(public, "daemon-app")
        world.tell("POST", "application/certificates", public.read_bytes())
        assert "signed in" in example.said(example.python(example.folder / "app.py"), env=environment)


def csi_migration(example):
    converted = example.said([example.world.program, "convert", example.folder / "secretproviderclass.yaml"])
    for line in ("path: DB_PASSWORD", "name: web-tls", "url: https://contoso-app.vault.azure.net"):
        assert line in converted, converted
    example.once()
    # What the driver writes: the value as it is, and of a PFX the key, then the certificates, without what openssl says of them.
    old = example.work / "secrets-store"
    old.mkdir()
    raw = example.work / "raw.yaml"
    raw.write_text(
        "apiVersion: akv-sync/v1\nkind: SyncManifest\nvaults: [{ name: app, url: https://contoso-app.vault.azure.net }]\n"
        "volume: { path: /mnt/raw }\nsecrets: [{ name: web-tls, encoding: utf-8 }, { name: db-password }]\n"
    )
    example.once(raw)
    (old / "DB_PASSWORD").write_bytes((VOLUME.parent / "raw/db-password").read_bytes())
    pfx = example.work / "web.pfx"
    pfx.write_bytes(base64.b64decode((VOLUME.parent / "raw/web-tls").read_text()))
    text = example.said(["openssl", "pkcs12", "-in", pfx, "-passin", "pass:", "-nodes"])
    blocks = re.findall(r"-----BEGIN (.*?)-----.*?-----END \1-----\n", text, re.S)
    assert sorted(blocks) == ["CERTIFICATE"] * 3 + ["PRIVATE KEY"], blocks
    key = re.search(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n", text, re.S)[0]
    certificates = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", text, re.S)
    (old / "web-tls").write_text(key + "".join(certificates))
    said = example.said(["sh", example.folder / "compare.sh", old, VOLUME])
    assert said == "same: DB_PASSWORD\nsame: web-tls\n", said


SCENES = {
    "flask": flask,
    "django": django,
    "spring-boot": spring_boot,
    "legacy-ini": legacy_ini,
    "app-registration": app_registration,
    "csi-migration": csi_migration,
}
