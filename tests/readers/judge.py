"""Python judges the files: ssl, cryptography, jwcrypto, json, PyYAML, ruamel.yaml, python-dotenv; and two shells.

    judge.py WORK

A line for each check; a check that raises anything has failed.
"""

import base64
import contextlib
import hashlib
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

import dotenv
import ruamel.yaml
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_public_key,
    pkcs12,
)
from jwcrypto.jwk import JWK

WORK = pathlib.Path(sys.argv[1])
FORMS, TEXTS, EXPECTED = WORK / "forms", WORK / "texts", WORK / "expected"
PASSWORD = (WORK / "password").read_text().removesuffix("\n")
UNICODE_PASSWORD = (WORK / "unicode-password").read_text().removesuffix("\n")
HOST = "web.contoso.com"
# P-256K has no place in TLS.
FOR_TLS = ("rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521")


def check(name, judgement, *arguments):
    try:
        judgement(*arguments)
    except Exception as error:  # Whatever it is, it is the finding.
        print(f"FAILED python {name}: {type(error).__name__}: {' '.join(str(error).split())}", flush=True)
    else:
        print(f"ok python {name}", flush=True)


def same(found, expected):
    if found != expected:
        raise ValueError(f"{found!r} and not {expected!r}")


def spki(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


# --- Certificates ---------------------------------------------------------------------------------------------------------


def serves(folder, certificate, key=None, password=None):
    """A server with these files, a client that trusts ca.pem alone: the client verifies chain and name."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / certificate, key and folder / key, password)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(folder / "ca.pem")
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.settimeout(10)

    def answer():
        # The client tells what was wrong.
        with contextlib.suppress(OSError), server.wrap_socket(theirs, server_side=True) as connection:
            connection.sendall(b"served")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    with client.wrap_socket(ours, server_hostname=HOST) as connection:
        same(connection.recv(16), b"served")
        leaf = x509.load_pem_x509_certificate((folder / "leaf.pem").read_bytes())
        same(connection.getpeercert(binary_form=True), leaf.public_bytes(Encoding.DER))
    thread.join(10)


def store(folder, file, password, alias, issuers):
    content = pkcs12.load_pkcs12((folder / file).read_bytes(), password.encode())
    chain = x509.load_pem_x509_certificates((folder / "full-root.pem").read_bytes())
    same(content.cert.certificate, chain[0])
    same(content.cert.friendly_name, alias.encode())
    same([issuer.certificate for issuer in content.additional_certs], chain[1 : 1 + issuers])
    same(spki(content.key.public_key()), spki(chain[0].public_key()))


def trust(folder, file, password):
    content = pkcs12.load_pkcs12((folder / file).read_bytes(), password.encode())
    root = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    same([entry.certificate for entry in content.additional_certs], [root])
    same((content.key, content.cert), (None, None))


def private_key(folder, file, password=None):
    key = load_pem_private_key((folder / file).read_bytes(), password and password.encode())
    leaf = x509.load_pem_x509_certificate((folder / "leaf.pem").read_bytes())
    same(spki(key.public_key()), spki(leaf.public_key()))


def der(folder):
    leaf = x509.load_der_x509_certificate((folder / "leaf.der").read_bytes())
    same(leaf, x509.load_pem_x509_certificate((folder / "leaf.pem").read_bytes()))


def metadata(path, kind):
    about = json.loads(path.read_text())
    same(set(about) - {"contentType"}, {"id", "name", "kind", "version", "attributes", "tags"})
    same((about["kind"], about["name"]), (kind, path.parent.name))
    same(about["id"].rsplit("/", 2)[1:], [about["name"], about["version"]])


def judge_certificate(folder):
    name = folder.name
    if name in FOR_TLS:
        check(f"{name}: TLS with full.pem and key.pem", serves, folder, "full.pem", "key.pem")
        check(f"{name}: TLS with traditional.pem", serves, folder, "full.pem", "traditional.pem")
        check(f"{name}: TLS with encrypted.pem", serves, folder, "full.pem", "encrypted.pem", PASSWORD)
        check(f"{name}: TLS with first.pem", serves, folder, "first.pem")
        check(f"{name}: TLS with last.pem", serves, folder, "last.pem")
    for file, password in (
        ("key.pem", None), ("traditional.pem", None), ("first.pem", None), ("encrypted.pem", PASSWORD),
        ("encrypted-file.pem", PASSWORD), ("encrypted-unicode.pem", UNICODE_PASSWORD),
    ):  # fmt: skip
        check(f"{name}: {file}", private_key, folder, file, password)
    for file, password, alias, issuers in (
        ("modern.p12", PASSWORD, name, 1), ("file.p12", PASSWORD, "Web server", 2), ("empty.p12", "", name, 1),
        ("unicode.p12", UNICODE_PASSWORD, name, 1), ("legacy.p12", PASSWORD, name, 1), ("legacy-empty.p12", "", name, 1),
    ):  # fmt: skip
        check(f"{name}: {file}", store, folder, file, password, alias, issuers)
    check(f"{name}: trust.p12", trust, folder, "trust.p12", PASSWORD)
    check(f"{name}: trust-empty.p12", trust, folder, "trust-empty.p12", "")
    check(f"{name}: leaf.der", der, folder)
    check(f"{name}: about.json", metadata, folder / "about.json", "certificate")


# --- Keys -----------------------------------------------------------------------------------------------------------------


def numbers(folder):
    """The members of the JWK against the numbers of the PEM key."""
    key = load_pem_public_key((folder / "pub.pem").read_bytes())
    jwk = json.loads((folder / "pub.jwk").read_text())
    number = lambda member: int.from_bytes(base64.urlsafe_b64decode(jwk[member] + "=="))
    values = key.public_numbers()
    if isinstance(key, rsa.RSAPublicKey):
        same((number("n"), number("e")), (values.n, values.e))
    else:
        same((number("x"), number("y")), (values.x, values.y))


def imported_jwk(folder):
    text = (folder / "pub.jwk").read_text()
    key = JWK.from_json(text)
    same(key.export_to_pem(), (folder / "pub.pem").read_bytes())
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    same(key.thumbprint(), thumbprint)


def public_key(folder, file, load):
    same(spki(load((folder / file).read_bytes())), spki(load_pem_public_key((folder / "pub.pem").read_bytes())))


def judge_key(folder):
    name = folder.name
    check(f"{name}: the numbers of pub.jwk", numbers, folder)
    check(f"{name}: jwcrypto imports pub.jwk; its hash is the thumbprint", imported_jwk, folder)
    check(f"{name}: pub.der", public_key, folder, "pub.der", load_der_public_key)
    if name != "key-p-256k":
        check(f"{name}: pub.ssh", public_key, folder, "pub.ssh", load_ssh_public_key)
    check(f"{name}: pub.json", metadata, folder / "pub.json", "key")


# --- Texts ----------------------------------------------------------------------------------------------------------------


def values_are(found, expected):
    """Names the keys that differ, with both values: they are made up."""
    wrong = {key: (found.get(key), value) for key, value in expected.items() if found.get(key) != value}
    same(wrong, {})
    same(set(found) - set(expected), set())


def shell(name, file):
    """What a child of the shell has in its environment after `set -a; . FILE`."""
    command = [name, "-c", 'set -a; . "$1"; exec env -0', name, file]
    minimal = {"PATH": os.environ["PATH"]}
    result = subprocess.run(command, env=minimal, capture_output=True, check=True, timeout=20)
    same(result.stderr, b"")
    variables = dict(item.split("=", 1) for item in result.stdout.decode().split("\0") if item)
    # The shell's own.
    for own in ("PATH", "PWD", "OLDPWD", "SHLVL", "_"):
        variables.pop(own, None)
    return variables


def random_values_are(read):
    """The values that the format takes; refused ones have no file."""
    values = json.loads((EXPECTED / "random.json").read_text())
    files = [(WORK / "random" / f"{number}.env", value) for number, value in enumerate(values)]
    published = [(file, value) for file, value in files if file.exists()]
    same(len(published) > 100, True)
    for file, value in published:
        values_are(read(file), {"VALUE": value, "AFTER": "plain"})


def judge_texts():
    plain = json.loads((EXPECTED / "dotenv.json").read_text())
    elsewhere = json.loads((EXPECTED / "elsewhere.json").read_text())
    text = lambda name: (TEXTS / name).read_text(encoding="utf-8")
    for name, read in (
        ("dash", lambda file: shell("dash", file)),
        ("bash", lambda file: shell("bash", file)),
        ("python-dotenv", dotenv.dotenv_values),
    ):
        check(f"dotenv: {name}", lambda: values_are(read(TEXTS / "dotenv"), plain))
        check(f"dotenv: {name}, random values", random_values_are, read)
    check("json: json", lambda: values_are(json.loads(text("app.json")), elsewhere))
    check("yaml: PyYAML", lambda: values_are(yaml.safe_load(text("app.yaml")), elsewhere))
    check("yaml: ruamel.yaml", lambda: values_are(ruamel.yaml.YAML(typ="safe", pure=True).load(text("app.yaml")), elsewhere))


for entry in sorted(FORMS.iterdir()):
    if entry.name.startswith("key-"):
        judge_key(entry)
    elif not entry.name.startswith("."):
        judge_certificate(entry)
judge_texts()
