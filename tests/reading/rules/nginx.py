"""nginx: `disable_symlinks` is for files that it sends, not for its certificate."""

import urllib.error
import urllib.request

from world import eventually

LAYOUTS = ("atomic", "flat")
# What the page says each setting gives, for `atomic` and for `flat`. Below a link to a directory there is nothing to be found.
SETTINGS = {
    "off": (200, 200),
    "on from=$document_root": (404, 200),
    "if_not_owner from=$document_root": (200, 200),
}


def judge(rules):
    rules.world.set_secret("page", "published")
    rules.world.make_certificate("web")
    objects = (
        "secrets: [{ name: page, path: public/page }]\n"
        "certificates: [{ name: web, files: [{ path: tls/tls.crt, content: fullChain }, { path: tls/tls.key, content: privateKey }] }]\n"
    )
    volumes = [rules.publish(f"nginx-{layout}", objects, f'layout: {layout}, fileMode: "0444", dirMode: "0755"') for layout in LAYOUTS]
    ports = {(setting, volume): rules.free_port() for setting in SETTINGS for volume in volumes}
    whole, tls = rules.free_port(), rules.free_port()
    folder = rules.work / "nginx"
    folder.mkdir()
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "".join(
        f"server {{ listen 127.0.0.1:{port}; root {volume}; disable_symlinks {setting}; }}\n"
        for (setting, volume), port in ports.items()
    )
    atomic = volumes[0]
    servers += f"server {{ listen 127.0.0.1:{whole}; root {atomic}/..data; disable_symlinks on from=$document_root; }}\n"
    servers += (
        f"server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {atomic}/tls/tls.crt; ssl_certificate_key {atomic}/tls/tls.key;\n"
        "disable_symlinks on; location / { return 200; } }\n"
    )
    (folder / "nginx.conf").write_text(
        f"user root;\ndaemon off;\npid {folder}/pid;\nevents {{}}\nhttp {{ access_log off;\n{temporary}{servers}}}\n"
    )
    rules.world.start("nginx", ["nginx", "-e", "stderr", "-c", folder / "nginx.conf"])
    for (setting, volume), port in ports.items():
        expected = SETTINGS[setting][volumes.index(volume)]
        layout = volume.name.removeprefix("nginx-")
        rules.check(f"nginx: disable_symlinks {setting} on a file of {layout}", status(rules, port, "public/page"), expected)
    rules.check("nginx: disable_symlinks on with a root of ..data", status(rules, whole, "public/page"), 200)
    connected, text = rules.said(["openssl", "s_client", "-connect", f"127.0.0.1:{tls}", "-CAfile", rules.work / "ca.pem"])
    rules.check("nginx: disable_symlinks does not concern the certificate", connected, True)


def status(rules, port, path):
    def ask():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    return eventually("nginx answers", ask, explain=lambda: rules.world.log("nginx"))
