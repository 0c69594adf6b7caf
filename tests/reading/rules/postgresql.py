"""PostgreSQL: private keys that the server and its client library refuse."""

import pathlib

from world import eventually

BIN = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
READER, OTHER = 65534, 1000
MODES = ("0400", "0440", "0640", "0644")
# Which are accepted by a process of READER with the group 2000, which every file has.
CLIENT = {(READER, "0400"), (0, "0440"), (0, "0640")}
SERVER = {(READER, "0400"), (0, "0440"), (0, "0640")}
WHO = {0: "root", READER: "the user of the process", OTHER: "another user"}


def judge(rules):
    rules.world.make_certificate("db")
    files = "{ path: tls.crt, content: fullChain }, { path: ca.crt, content: ca }, "
    files += ", ".join(f'{{ path: "{mode}", content: privateKey, mode: "{mode}" }}' for mode in MODES)
    objects = f"certificates: [{{ name: db, files: [{files}] }}]\n"
    volumes = {owner: rules.publish(f"db-{owner}", objects, f'owner: {owner}, group: 2000, dirMode: "0755"') for owner in WHO}
    data = rules.work / "postgresql"
    data.mkdir()
    data.chmod(0o777)
    made, text = rules.said([BIN / "initdb", "--auth=trust", "--username=app", "--no-sync", data / "data"], READER)
    assert made, text
    cases = [(owner, mode) for owner in WHO for mode in MODES]
    for owner, mode in cases:
        port = rules.free_port()
        name = f"postgresql-{owner}-{mode}"
        server = serve(rules, data, port, name, volumes[owner], mode)
        accepted = eventually("it starts or ends", lambda: outcome(rules, server, name), explain=lambda: rules.world.log(name))
        rules.accepts(f"postgres: a key of {WHO[owner]} with {mode}", accepted == "started", (owner, mode) in SERVER)
        if (owner, mode) == (READER, "0400"):
            clients(rules, port, volumes, cases)
        server.terminate()
        server.wait(30)


def serve(rules, data, port, name, volume, mode):
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "shared_buffers": "1MB",
        "ssl": "on", "ssl_cert_file": volume / "tls.crt", "ssl_key_file": volume / mode,
    }
    options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    as_reader = ["setpriv", f"--reuid={READER}", "--regid=2000", "--clear-groups"]
    return rules.world.start(name, [*as_reader, BIN / "postgres", "-D", data / "data", *options])


def outcome(rules, server, name):
    if "ready to accept connections" in rules.world.log(name):
        return "started"
    return "ended" if server.poll() is not None else None


def clients(rules, port, volumes, cases):
    for owner, mode in cases:
        volume = volumes[owner]
        address = f"host=127.0.0.1 port={port} user=app dbname=postgres sslmode=verify-ca sslrootcert={volume}/ca.crt "
        address += f"sslcert={volume}/tls.crt sslkey={volume}/{mode}"
        accepted, text = rules.said(["psql", "--no-psqlrc", "--command", "select 'connected'", address], READER)
        rules.accepts(f"libpq: a key of {WHO[owner]} with {mode}", accepted and "connected" in text, (owner, mode) in CLIENT)
