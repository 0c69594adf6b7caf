"""Makes the objects in the fake Azure, and the manifests that publish them for the readers.

    prepare.py WORK CONTROL VAULT

CONTROL is HOST:PORT of a plain listener of the fake, VAULT the URL of its vault `app`. Into the folder WORK come
`NAME.yaml` for each volume NAME, `password`, `unicode-password`, and `expected/` with what the texts have to be.
"""

import base64
import http.client
import json
import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
WORK = pathlib.Path(sys.argv[1])
CONTROL, VAULT = sys.argv[2:]

# Printable ASCII, with what shells and formats have a meaning for; and a text beyond U+FFFF.
PASSWORD = "pa55 'word' \"$1\" \\ #"
UNICODE_PASSWORD = "pässwörd-€-😀"

# What the fake makes: PFX or PEM, with intermediate and root.
RSA = {f"rsa-{size}": {"kty": "RSA", "keySize": size} for size in (2048, 3072)}
EC = {f"p-{size}": {"kty": "EC", "crv": f"P-{size}"} for size in (256, 384, 521)}
AS_PEM = ("rsa-3072", "p-384")
# What Key Vault makes no certificates for, or the fake too slowly: openssl makes them, and they are plain secrets.
OWN = {"rsa-4096": ["-newkey", "rsa:4096"], "p-256k": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"]}
KEYS = RSA | EC | {"p-256k": {"kty": "EC", "crv": "P-256K"}}

EXTENSIONS = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
subjectAltName = DNS:web.contoso.com
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

connection = http.client.HTTPConnection(CONTROL, timeout=30)


def control(method, path, body=b""):
    connection.request(method, f"/_fake/vaults/app/{path}", body)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"{method} {path}: {answer.status} {text}")


def set_secret(name, value):
    control("PUT", f"secrets/{name}", value.encode())


def openssl(*arguments):
    result = subprocess.run(["openssl", *arguments], capture_output=True, timeout=60)
    if result.returncode != 0:
        sys.exit(f"openssl {arguments[0]}: {result.stderr.decode()}")
    return result.stdout


def own_certificates():
    """A root, an intermediate and a leaf for each key; one secret is PEM from root to leaf, the other a PFX."""
    folder = WORK / "own"
    folder.mkdir()
    (folder / "cnf").write_text(EXTENSIONS)

    def issue(name, issuer, section, key):
        signed_by = ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key"] if issuer else []
        openssl(
            "req", "-x509", "-config", folder / "cnf", "-extensions", section, "-subj", f"/CN={name}.contoso.com",
            "-days", "30", "-nodes", *key, "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", *signed_by,
        )

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"]
    issue("root", None, "authority", curve)
    issue("issuing", "root", "authority", curve)
    read = lambda name: (folder / name).read_text()
    (folder / "chain.pem").write_text(read("issuing.pem") + read("root.pem"))
    for name, key in OWN.items():
        issue(name, "issuing", "leaf", key)
    set_secret("rsa-4096", read("root.pem") + read("issuing.pem") + read("rsa-4096.pem") + read("rsa-4096.key"))
    pfx = openssl(
        "pkcs12", "-export", "-passout", "pass:", "-in", folder / "p-256k.pem", "-inkey", folder / "p-256k.key",
        "-certfile", folder / "chain.pem",
    )
    set_secret("p-256k", base64.b64encode(pfx).decode())


def certificate_files(name):
    """Every form of a certificate; `p-256/leaf.pem` and so on."""
    by_secret = {"passwordFrom": {"secret": "store-password"}}
    by_file = {"passwordFrom": {"file": str(WORK / "password")}}
    unicode = {"passwordFrom": {"secret": "unicode-password"}}
    forms = {
        "leaf.pem": {"content": "leaf"},
        "leaf.der": {"content": "der"},
        "chain.pem": {"content": "chain"},
        "chain-root.pem": {"content": "chain", "includeRoot": True},
        "full.pem": {"content": "fullChain"},
        "full-root.pem": {"content": "fullChain", "includeRoot": True},
        "ca.pem": {"content": "ca"},
        "key.pem": {"content": "privateKey"},
        "traditional.pem": {"content": "privateKey", "keyFormat": "pkcs1" if name.startswith("rsa") else "sec1"},
        "encrypted.pem": {"content": "privateKey", **by_secret},
        "encrypted-file.pem": {"content": "privateKey", **by_file},
        "encrypted-unicode.pem": {"content": "privateKey", **unicode},
        "first.pem": {"content": "bundle"},
        "last.pem": {"content": "bundle", "order": "keyLast", "includeRoot": True},
        "modern.p12": {"content": "pkcs12", **by_secret},
        "file.p12": {"content": "pkcs12", "includeRoot": True, "alias": "Web server", **by_file},
        "empty.p12": {"content": "pkcs12"},
        "unicode.p12": {"content": "pkcs12", **unicode},
        "legacy.p12": {"content": "pkcs12", "legacy": True, **by_secret},
        "legacy-empty.p12": {"content": "pkcs12", "legacy": True},
        "store.jks": {"content": "jks", **by_secret},
        "empty.jks": {"content": "jks"},
        "unicode.jks": {"content": "jks", "alias": "Web server", **unicode},
        "trust.p12": {"content": "truststore", **by_secret},
        "trust-empty.p12": {"content": "truststore"},
        "trust.jks": {"content": "truststore", "format": "jks", **by_file},
        "trust-empty.jks": {"content": "truststore", "format": "jks"},
        "about.json": {"content": "metadata"},
    }
    return [{"path": f"{name}/{file}", **form} for file, form in forms.items()]


def key_files(name, folder):
    """Every form of a key; P-256K has none in OpenSSH."""
    forms = {"pub.pem": "pem", "pub.der": "der", "pub.jwk": "jwk", "pub.ssh": "ssh", "pub.json": "metadata"}
    return [
        {"name": name, "path": f"{folder}/{file}", "format": form}
        for file, form in forms.items()
        if not (form == "ssh" and name.endswith("p-256k"))
    ]


def text_file(path, format, sources):
    return {"path": path, "format": format, "values": [{"key": key, **source} for key, source in sources.items()]}


def random_values():
    """The same ones in each run, of what the formats have a meaning for."""
    draw = random.Random(7)
    marks = [*"''\"\"\\\\$$``{}#!=:;&|<>()[]*?~%@- \t\n\n\r", "${", "$(", "\\n", "\\'", "\nAFTER=", "export "]
    others = [*"anrtuxNU_1é😀\u00a0\u2028\u0085\ufeff\x0b\x0c\x1b\x7f"]
    return ["".join(draw.choices(marks + others, k=draw.randint(0, 9))) for _ in range(300)]


def texts():
    """Sets the secrets, writes what is expected, publishes them in each format; gives the files that have to be refused."""
    values = json.loads((HERE / "values.json").read_text())
    everywhere = values["everywhere"]
    refused = {key: value for key, (value, _) in values["not in dotenv"].items()}
    named = everywhere | refused | values["only elsewhere"]
    # A secret may have any value and few names.
    sources = {key: {"secret": "text-" + key.encode().hex()} for key in named}
    for key, value in named.items():
        set_secret(sources[key]["secret"], value)
    drawn = random_values()
    set_secret("random", json.dumps(drawn))
    drawn_sources = [{"secret": "random", "property": f"/{number}"} for number in range(len(drawn))]
    elsewhere = named | {f"random {number}": value for number, value in enumerate(drawn)}
    sources |= {f"random {number}": source for number, source in enumerate(drawn_sources)}

    expected = WORK / "expected"
    expected.mkdir()
    for name, content in {"dotenv": everywhere, "elsewhere": elsewhere, "random": drawn}.items():
        (expected / f"{name}.json").write_text(json.dumps(content))
    reasons = [f"{key}\t{reason}\n" for key, (_, reason) in values["not in dotenv"].items()]
    (expected / "refused").write_text("".join(reasons))
    # For Java, whose library reads no JSON.
    for number, pair in enumerate(elsewhere.items()):
        for part, text in zip(("key", "value"), pair, strict=True):
            (expected / f"{number}.{part}").write_bytes(text.encode())

    published = [text_file("dotenv", "dotenv", {key: sources[key] for key in everywhere})]
    published += [text_file(f"app.{format}", format, sources) for format in ("properties", "json", "yaml")]
    # Real files, for programs that follow no links.
    manifest("texts", layout="flat", templates=published)
    # What follows a value shows where a reader thinks that it ends. Some are refused, and not published.
    after = {"AFTER": sources["PLAIN"]}
    files = [text_file(f"{n}.env", "dotenv", {"VALUE": source} | after) for n, source in enumerate(drawn_sources)]
    manifest("random", templates=[file | {"required": False} for file in files])
    return [text_file(f"{key}.env", "dotenv", {key: sources[key]}) for key in refused]


def manifest(volume, layout="atomic", **rest):
    head = {
        "apiVersion": "akv-sync/v1",
        "kind": "SyncManifest",
        "vaults": [{"name": "app", "url": VAULT, "trustedHosts": ["localhost"]}],
        "volume": {"path": str(WORK / volume), "group": 2000, "layout": layout},
    }
    # JSON is YAML.
    (WORK / f"{volume}.yaml").write_text(json.dumps(head | rest, indent=2))


def main():
    set_secret("store-password", PASSWORD)
    set_secret("unicode-password", UNICODE_PASSWORD)
    (WORK / "password").write_text(PASSWORD + "\n")
    (WORK / "unicode-password").write_text(UNICODE_PASSWORD + "\n")
    for name, key in (RSA | EC).items():
        control("POST", f"certificates/{name}", json.dumps({"key": key, "pem": name in AS_PEM}).encode())
    control("POST", "certificates/web", json.dumps({"key": EC["p-256"]}).encode())
    own_certificates()
    for name, key in KEYS.items():
        control("POST", f"keys/key-{name}", json.dumps(key).encode())

    certificates = [*RSA, *EC, *OWN]
    # The key of a certificate is a key of the vault too.
    keys = [{"name": name, "path": f"{name}/key.pub"} for name in (RSA | EC)]
    keys += [file for name in KEYS for file in key_files(f"key-{name}", f"key-{name}")]
    refused = texts()
    manifest(
        "forms", certificates=[{"name": name, "files": certificate_files(name)} for name in certificates], keys=keys
    )

    optional = {"required": False}
    pkcs1 = {"path": "ec-pkcs1.pem", "content": "privateKey", "keyFormat": "pkcs1"}
    sec1 = {"path": "rsa-sec1.pem", "content": "privateKey", "keyFormat": "sec1"}
    unicode = {"path": "trust.p12", "content": "truststore", "passwordFrom": {"secret": "unicode-password"}}
    manifest(
        "refused",
        secrets=[{"name": "store-password", "path": "published"}],
        certificates=[
            {"name": "p-256", "files": [pkcs1], **optional},
            {"name": "rsa-2048", "files": [sec1], **optional},
            {"name": "p-384", "files": [unicode], **optional},
        ],
        keys=[{"name": "key-p-256k", "path": "p-256k.ssh", "format": "ssh", **optional}],
        templates=[file | optional for file in refused],
    )

    served = {"tls.crt": "fullChain", "tls.key": "privateKey", "ca.pem": "ca", "first.pem": "bundle", "chain.pem": "chain"}
    files = [{"path": f"tls/{path}", "content": content} for path, content in served.items()]
    files.append({"path": "tls/last.pem", "content": "bundle", "order": "keyLast"})
    manifest("servers", certificates=[{"name": "web", "files": files}])


if __name__ == "__main__":
    main()
