"""Ways to sign in."""

import os
import pathlib

from example import VOLUME


def service_connector(example):
    lines = (example.folder / "service-connector.env").read_text().splitlines()
    example.once(env={**dict(line.split("=", 1) for line in lines), **trusted(example)})
    assert (VOLUME / "db/password").read_text()


def managed_identity(example):
    """By the metadata service of a machine, and by the endpoint of App Service."""
    app_service = {name: example.world.values[name] for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")}
    for manifest in ("system-assigned.yaml", "user-assigned.yaml"):
        for platform in ({}, app_service):
            example.said(["rm", "-rf", VOLUME])
            example.once(manifest, env={**platform, **trusted(example)})
            assert (VOLUME / "db-password").read_text()


# What `az account get-access-token` prints; the token comes from where the fake gives tokens to machines.
AZ = """#!/bin/sh
exec python3 - <<'PYTHON'
import datetime, json, os, urllib.request
url = os.environ["FAKE_ENDPOINT"] + "?api-version=2019-08-01&resource=https://vault.azure.net"
request = urllib.request.Request(url, headers={"X-IDENTITY-HEADER": os.environ["FAKE_HEADER"]})
answer = json.load(urllib.request.urlopen(request, timeout=10))
expires = int(answer["expires_on"])
local = datetime.datetime.fromtimestamp(expires).strftime("%Y-%m-%d %H:%M:%S.%f")
print(json.dumps({"accessToken": answer["access_token"], "expires_on": expires, "expiresOn": local, "tokenType": "Bearer"}))
PYTHON
"""


def laptop(example):
    az = example.work / "az"
    az.write_text(AZ)
    az.chmod(0o755)
    values = example.world.values
    environment = {
        "PATH": f"{example.work}:{os.environ['PATH']}",
        "FAKE_ENDPOINT": values["IDENTITY_ENDPOINT"],
        "FAKE_HEADER": values["IDENTITY_HEADER"],
        **trusted(example),
    }
    volume = pathlib.Path("/tmp/akv")
    try:
        example.once(env=environment)
        assert (volume / "db/password").read_text()
    finally:
        example.said(["rm", "-rf", volume])


def trusted(example):
    """The authority of the fake, which a real machine does not need."""
    return {"SSL_CERT_FILE": str(example.world.work / "ca.pem")}


SCENES = {"service-connector": service_connector, "managed-identity": managed_identity, "laptop": laptop}
