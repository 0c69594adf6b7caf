"""Servers with TLS, over a renewal."""

import pathlib
import pwd
import subprocess

from example import VOLUME
from world import eventually

# With both characters that a password file has a meaning for.
PASSWORD = "correct horse: battery\\staple"
POSTGRESQL = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]


def haproxy(example):
    example.run()
    example.start("haproxy", ["haproxy", "-W", "-f", example.folder / "haproxy.cfg"])
    bundle = VOLUME / "tls/web.pem"
    example.serves(8443, bundle)
    example.renew(bundle, "web-tls")
    example.serves(8443, bundle)
    # A second one: the signal goes to the master again.
    example.renew(bundle, "web-tls")
    example.serves(8443, bundle)


def node(example):
    example.run()
    example.start("node", ["node", example.folder / "server.cjs"])
    certificate = VOLUME / "tls/tls.crt"
    example.serves(8443, certificate)
    for _ in range(2):
        example.renew(certificate, "web-tls")
        example.serves(8443, certificate)


def java(example):
    example.run()
    example.said(["javac", "-d", example.work / "classes", *example.folder.glob("*.java")])
    example.start("java", ["java", "-cp", "classes", "Server"])
    store = VOLUME / "tls/web.p12"

    def serves_what_is_there():
        password = (VOLUME / "keystore-password").read_text()
        leaf = example.said(["openssl", "pkcs12", "-in", store, "-passin", f"pass:{password}", "-nokeys", "-clcerts"])
        file = example.work / "leaf.pem"
        file.write_text(leaf)
        return example.serves(8443, file)

    before = serves_what_is_there()
    old = store.read_bytes()
    example.world.make_certificate("web-tls")
    example.sync()
    eventually("the key store is new", lambda: store.read_bytes() != old, explain=lambda: example.log("run"))
    assert serves_what_is_there() != before
    said = example.said(["java", "-cp", "classes", "KafkaStores"])
    assert said == "keystore: 1 entry\ntruststore: 1 entry\n", said


def postgresql(example):
    user = pwd.getpwnam("postgres")
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    example.work.chmod(0o777)
    example.run(**as_user)
    example.world.set_secret("db-password", PASSWORD)
    password = example.work / "password"
    password.write_text(PASSWORD)
    made = [POSTGRESQL / "initdb", "--auth=scram-sha-256", "--username=app", f"--pwfile={password}", "--no-sync", example.work / "data"]
    example.said(made, **as_user)
    configuration = example.folder / "postgresql.conf"
    # A clone may be where this user cannot read.
    own = example.work / configuration.name
    own.write_text(configuration.read_text())
    example.start("postgres", [POSTGRESQL / "postgres", "-D", example.work / "data", "-c", f"config_file={own}"], **as_user)
    eventually("PostgreSQL is ready", lambda: "ready to accept" in example.log("postgres"), explain=example.logs)

    # The client is another machine, with a volume at the same path.
    for name in ("client.yaml", "pg_service.conf"):
        text = (example.folder / name).read_text().replace("/mnt/akv", "/mnt/client")
        # The name that every certificate of the fake has.
        (example.work / name).write_text(text.replace("db.contoso.com", "web.contoso.com"))
    example.once(example.work / "client.yaml")
    assert connects(example) == "t"
    certificate = VOLUME / "tls/tls.crt"
    before = example.leaf(shown(example))
    assert before == example.leaf(certificate.read_text())
    example.renew(certificate, "db-tls")
    new = example.leaf(certificate.read_text())
    eventually("PostgreSQL shows the new certificate", lambda: example.leaf(shown(example)) == new, explain=example.logs)
    assert connects(example) == "t"


def connects(example):
    query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"
    command = ["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--command", query, "service=app"]
    return example.said(command, env={"PGSERVICEFILE": str(example.work / "pg_service.conf"), "PATH": "/usr/bin:/bin"}).strip()


def shown(example):
    command = ["openssl", "s_client", "-starttls", "postgres", "-connect", "127.0.0.1:5432"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=30).stdout.decode()


SCENES = {"haproxy": haproxy, "node": node, "java": java, "postgresql": postgresql}
