"""Scrapes the real program in several situations: judge.py AKV_SYNC FAKE_AZURE RULES DASHBOARD

promtool checks the text of each scrape. Then each scrape is taken for a quarter of an hour of such scrapes, and the alert rules must
fire over it as the situation says: names, labels and values are what the program really writes. Last, each query of the dashboard has
to give something over all scrapes together, with the labels of its legend.
"""

import contextlib
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 30

# A situation: its name, what the manifest asks for, what the environment has besides, the line of the log to wait for, and the alerts.
SITUATIONS = [
    ("all is well", "secrets: [{ name: db-password }]\n", {}, "Ready", []),
    (
        "a required secret does not exist",
        "secrets: [{ name: db-password }, { name: nowhere }]\n",
        {},
        "Object not fetched",
        ["AkvSyncRequiredMissing"],
    ),
    (
        "a certificate expires one day, and a hook fails",
        "secrets: [{ name: db-password }]\ncertificates: [{ name: web-tls, files: [{ path: web.pem, content: bundle }] }]\n"
        'hooks: [{ name: reload, onFirstSync: true, http: { url: "http://127.0.0.1:9/" } }]\n',
        {},
        "Hook failed",
        [],
    ),
    (
        "Entra does not know the client",
        "secrets: [{ name: db-password }]\n",
        {"AZURE_CLIENT_ID": "00000000-0000-0000-0000-00000000dead"},
        "Object not fetched",
        ["AkvSyncRequiredMissing", "AkvSyncSignInFailing"],
    ),
]


class Connection(http.client.HTTPConnection):
    """To a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


def scrape(path, accept):
    connection = Connection(path)
    connection.request("GET", "/metrics", headers={"Accept": accept})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, answer.status
    return text


@contextlib.contextmanager
def process(command, log, **options):
    """A process that ends with the block."""
    with open(log, "wb") as out:
        started = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=out, **options)
        try:
            yield started
        finally:
            started.terminate()
            started.wait(PATIENCE)


def wait_for(what, is_so, started, log):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if started.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"metrics: no {what}:\n{log.read_text()}")
        time.sleep(0.05)


def promtool(arguments, **options):
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"promtool {' '.join(map(str, arguments))}:\n{done.stdout}{done.stderr}")


def firing(work, rules, text, alerts):
    """The rules over a quarter of an hour of this scrape fire these alerts and no other."""
    series = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    expected = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in alerts]
    test = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": f"{value}x20"} for name, value in series],
                "promql_expr_test": [
                    {
                        "expr": 'max by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": "15m",
                        "exp_samples": expected,
                    }
                ],
            }
        ],
    }
    # JSON is YAML.
    path = work / "scraped.test.yaml"
    path.write_text(json.dumps(test))
    promtool(["test", "rules", path])


def judge(program, rules, work, environment, situation):
    name, objects, more, line, alerts = situation
    home = work / name.replace(" ", "-")
    (home / "volume").mkdir(parents=True)
    admin, log = home / "admin.sock", home / "log"
    vault = environment["FAKE_AZURE_VAULT_APP"]
    (home / "manifest.yaml").write_text(
        "apiVersion: akv-sync/v1\nkind: SyncManifest\n"
        f'vaults: [{{ name: app, url: "{vault}", trustedHosts: [localhost] }}]\n'
        f'volume: {{ path: "{home}/volume" }}\nadmin: {{ socket: "{admin}" }}\nmetrics: {{ perObject: all }}\n{objects}'
    )
    command = [program, "run", "--manifest", home / "manifest.yaml"]
    with process(command, log, env={**environment, **more}) as started:
        wait_for(f"line {line!r}", lambda: f" {line} " in log.read_text(), started, log)
        # The loop tells the metrics after the log.
        wait_for("first pass", lambda: "\nakv_sync_entries" in scrape(admin, "text/plain"), started, log)
        text = scrape(admin, "text/plain")
        promtool(["check", "metrics"], input=text)
        assert scrape(admin, "application/openmetrics-text").endswith("# EOF\n")
        firing(home, rules, text, alerts)
    print(f"ok {name}: {', '.join(alerts) or 'no alert'}")
    return text


def queries(dashboard):
    """Each panel that asks something: its title, the query as Grafana would send it, and the labels of its legend."""
    written = json.loads(dashboard.read_text())
    ids = [panel["id"] for panel in written["panels"]]
    assert len(set(ids)) == len(ids), "two panels have one id"
    for panel in written["panels"]:
        assert panel["type"] == "row" or panel["targets"], panel["title"]
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "5m").replace("$job", ".*").replace("$instance", ".*")
            assert "$" not in query, f"{panel['title']}: {query}"
            yield panel["title"], query, re.findall(r"{{(\w+)}}", target["legendFormat"])
    for variable in written["templating"]["list"]:
        if variable["type"] == "query":
            metric = re.match(r"label_values\((\w+)", variable["query"]["query"])[1]
            yield f"the variable {variable['name']}", metric, [variable["query"]["query"].split(", ")[-1].rstrip(")")]


def shows(work, dashboard, scrapes):
    """Every query of the dashboard gives something over these scrapes, and each label of its legend has a value."""
    input_series, exported = [], set()
    for instance, text in scrapes.items():
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, labels, value = re.fullmatch(r"(\w+)(?:{(.*)})? (\S+)", line).groups()
                exported.add(name)
                labels = ",".join(filter(None, [labels, f'job="akv-sync",instance="{instance}"']))
                input_series.append({"series": f"{name}{{{labels}}}", "values": f"{value}x20"})
    checks, count = [], 0
    for title, query, labels in queries(dashboard):
        count += 1
        unknown = set(re.findall(r"\b(?:akv_sync|process)_\w+", query)) - exported
        assert not unknown, f"{title}: nothing exports {', '.join(unknown)}"
        for label in labels:
            query = f'label_replace({query}, "found_{label}", "yes", "{label}", ".+")'
        found = [f"found_{label}" for label in labels]
        expected = "{" + ",".join(f'{name}="yes"' for name in found) + "}"
        # What has one of the labels and not another is of another group, and more than is expected.
        expr = f"count by ({', '.join(found)}) ({query}) > bool 0"
        sample = {"labels": expected, "value": 1}
        checks.append({"expr": expr, "eval_time": "15m", "exp_samples": [sample]})
    test = {"interval": "1m", "input_series": input_series, "promql_expr_test": checks}
    path = work / "dashboard.test.yaml"
    path.write_text(json.dumps({"evaluation_interval": "1m", "tests": [test]}))
    promtool(["test", "rules", path])
    print(f"ok the dashboard: {count} queries")


def main():
    program, fake, rules, dashboard = (pathlib.Path(argument) for argument in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        ready, log = work / "ready", work / "fake.log"
        given = ["--ca-out", work / "ca.pem", "--federated-token-out", work / "token", "--ready-file", ready]
        with process([fake, "--seed", *given], log) as started:
            wait_for("ready file", lambda: ready.exists() and ready.read_text().endswith("\n"), started, log)
            lines = [line.split("=", 1) for line in ready.read_text().splitlines()]
            environment = {name: value for name, value in lines}
            scrapes = {situation[0]: judge(program, rules, work, environment, situation) for situation in SITUATIONS}
            shows(work, dashboard, scrapes)
    print(f"{len(SITUATIONS) + 1} passed, 0 failed")


main()
