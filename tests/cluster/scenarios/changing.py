"""What changes while a pod runs: the manifest, secrets, certificates and the token."""

import base64
import json
import ssl
import time

from cluster import eventually, expect
from workload import IMAGE, RESTRICTED, USER, secrets
from world import EXAMPLES, served_certificate

NGINX_IMAGES = {
    "registry.example.com/akv-sync:0.1.0": IMAGE,
    "registry.example.com/nginx:1.28": "localhost/nginx:test",
}


def an_edited_ConfigMap_is_taken_without_a_restart_and_a_bad_one_is_refused(world):
    pod = world.sidecar("edit", secrets(one="db-password")).await_running("app")
    world.edit_manifest(pod, lambda text: text.replace("secrets:", "secrets:\n- { name: db-password, path: two }"))
    pod.await_file("/mnt/akv/two", "db-password-1")
    world.edit_manifest(pod, lambda text: text.replace("path: two", "path: two, mod: '0400'"))
    pod.await_log("Manifest refused")
    expect(pod.read("/mnt/akv/two") == "db-password-1", "a refused manifest took a file away")
    # Where the socket is, is in the manifest that is refused.
    status = pod.run("akv-sync", "/akv-sync", "status", "--socket", "/run/akv-sync/admin.sock")
    expect("`mod`" in status.stdout, f"status does not show the problem: {status.stdout}{status.stderr}")
    expect(pod.status("akv-sync")["restartCount"] == 0, "the sidecar was restarted")


def a_new_version_reaches_the_application_within_an_interval_and_a_half(world):
    world.azure.set_secret("rotated", "one")
    pod = world.sidecar("rotation", secrets(rotated="rotated")).await_running("app")
    expect(pod.read("/mnt/akv/rotated") == "one", "the file is not there")
    world.azure.set_secret("rotated", "two")
    pod.await_file("/mnt/akv/rotated", "two", seconds=20)


def nginx_serves_a_renewed_certificate_after_a_signal(world):
    pod = world.example("nginx", NGINX_IMAGES).await_ready()
    address = pod.address()
    before = served_certificate(address, 8443)
    expect(before == leaf(pod), "nginx serves another certificate than that of the volume")
    world.azure.renew_certificate("web-tls")
    sync = pod.run("akv-sync", "/akv-sync", "sync")
    expect(sync.returncode == 0, f"sync ended with {sync.returncode}: {sync.stdout}{sync.stderr}")
    expect(leaf(pod) != before, "the certificate in the volume is the one before")
    eventually(lambda: served_certificate(address, 8443) == leaf(pod), "nginx serves what is in the volume", 20)
    pod.await_log("Hook succeeded", seconds=15)
    expect(pod.status("nginx")["restartCount"] == 0, "nginx was restarted")


def nginx_serves_a_renewed_certificate_after_a_request(world):
    """Other users, other process namespaces: a helper in nginx's container takes the hook's request."""
    world.azure.renew_certificate("http-tls")
    files = [
        {"path": "tls/tls.crt", "content": "fullChain"},
        {"path": "tls/tls.key", "content": "privateKey"},
    ]
    hook = {"name": "reload-nginx", "when": ["http-tls"], "http": {"url": "http://127.0.0.1:9090/cgi-bin/reload"}}
    entries = {"certificates": [{"name": "http-tls", "files": files}], "hooks": [hook]}
    configuration = (EXAMPLES / "nginx/nginx.conf").read_text()
    world.cluster.create(
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "request"}, "data": {"nginx.conf": configuration}}
    )

    def with_volumes(pod):
        pod["spec"]["volumes"] += [{"name": "tmp", "emptyDir": {}}, {"name": "conf", "configMap": {"name": "request"}}]

    pod = world.sidecar("request", entries, nginx_with_a_helper(), change=with_volumes)
    address = pod.await_ready().address()
    before = served_certificate(address, 8443)
    world.azure.renew_certificate("http-tls")
    eventually(lambda: leaf(pod) != before, "the volume has another certificate", 20)
    eventually(lambda: served_certificate(address, 8443) == leaf(pod), "nginx serves what is in the volume", 20)
    pod.await_log("Hook succeeded", seconds=15)


def a_projected_token_that_expired_is_replaced_by_the_kubelet_and_the_new_one_is_exchanged(world):
    """The API server gives no token for less than ten minutes, so it is the fake's clock that goes on.

    The kubelet replaces a token when four fifths of its time are over, or when it knows none: after its own restart.
    """
    azure = world.azure_of_its_own()
    pod = world.sidecar("expiry", secrets(password="db-password"), azure=azure).await_running("app")
    token_file = "/var/run/secrets/azure/wi/token/azure-identity-token"
    first = pod.read(token_file)
    # Entra takes a token until five minutes after its end. The clock goes to just after that, so a token that is forty
    # seconds younger than the first is good for forty seconds more.
    issued = int(claims(first)["iat"])
    eventually(lambda: time.time() > issued + 40, "the first token is 40 s old", 60)
    azure.control("POST", f"clock?advance={int(issued + 901 - time.time())}")
    azure.control("POST", "tokens/revoke")
    azure.set_secret("db-password", "after-expiry")
    refused = pod.run("akv-sync", "/akv-sync", "sync")
    expect(refused.returncode == 4, f"sync ended with {refused.returncode}: {refused.stdout}{refused.stderr}")
    pod.await_log("AADSTS700024", seconds=5)
    world.cluster.restart_kubelet()
    eventually(lambda: pod.read(token_file) != first, "the kubelet writes another token", 30)
    eventually(lambda: pod.run("akv-sync", "/akv-sync", "sync").returncode == 0, "the new token is exchanged", 30)
    expect(pod.read("/mnt/akv/password") == "after-expiry", "the new version is not there")
    expect(pod.status("akv-sync")["restartCount"] == 0, "the sidecar was restarted")


def nginx_with_a_helper():
    reload = "printf 'Content-Type: text/plain\\r\\n\\r\\n'; kill -HUP $(cat /tmp/nginx.pid)"
    script = f"""\
mkdir -p /tmp/www/cgi-bin
cat >/tmp/www/cgi-bin/reload <<'END'
#!/bin/sh
{reload}
END
chmod +x /tmp/www/cgi-bin/reload
httpd -p 127.0.0.1:9090 -h /tmp/www
exec nginx -c /etc/nginx/conf/nginx.conf -g 'daemon off;'"""
    return {
        "name": "nginx",
        "image": "localhost/nginx:test",
        "command": ["sh", "-c", script],
        "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1},
        "securityContext": RESTRICTED | USER,
        "volumeMounts": [
            {"name": "akv", "mountPath": "/mnt/akv", "readOnly": True},
            {"name": "conf", "mountPath": "/etc/nginx/conf", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }


def claims(token):
    """What a token says; its signature is the fake's to judge."""
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def leaf(pod):
    """The first certificate of the chain that nginx finds."""
    chain = pod.read("/mnt/akv/tls/tls.crt", "nginx")
    end = chain.index("-----END CERTIFICATE-----")
    # Written again, since line ends may differ.
    return ssl.DER_cert_to_PEM_cert(ssl.PEM_cert_to_DER_cert(chain[: end + len("-----END CERTIFICATE-----")]))
