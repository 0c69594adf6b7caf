"""Judges the fake Azure with Microsoft's own Python clients.

    python -m venv VENV && VENV/bin/pip install -r tests/third_party/requirements.txt
    VENV/bin/python tests/third_party/judge.py target/debug/fake-azure

The program is started on loopback and ended again. Nothing else is contacted.
"""

import base64
import datetime
import logging
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import CertificateCredential, ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential
from azure.keyvault.certificates import CertificateClient, CertificateContentType, CertificatePolicy, KeyType
from azure.keyvault.keys import KeyClient, KeyCurveName
from azure.keyvault.secrets import SecretClient
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key, pkcs12
from cryptography.x509.oid import NameOID

SCOPE = "https://vault.azure.net/.default"


class Fake:
    """The running program and the environment that it printed."""

    def __init__(self, program, folder):
        self.program = program
        self.ca = str(folder / "ca.pem")
        self.token_file = folder / "token"
        ready = folder / "ready"
        self.process = subprocess.Popen(
            [program, "--ca-out", self.ca, "--federated-token-out", self.token_file, "--ready-file", ready],
            stdout=subprocess.DEVNULL,
        )
        for _ in range(200):
            if ready.exists() or self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.environment = dict(line.split("=", 1) for line in ready.read_text().splitlines())
        self.vault = self.environment["FAKE_AZURE_VAULT_APP"]

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=10)

    def control(self, method, path, **arguments):
        answer = requests.request(method, f"{self.vault}/_fake/{path}", verify=self.ca, timeout=10, **arguments)
        answer.raise_for_status()
        return answer

    def workload_identity(self, **changes):
        settings = {
            "tenant_id": self.environment["AZURE_TENANT_ID"],
            "client_id": self.environment["AZURE_CLIENT_ID"],
            "token_file_path": str(self.token_file),
            "authority": self.environment["AZURE_AUTHORITY_HOST"],
            "disable_instance_discovery": True,
            "connection_verify": self.ca,
            "retry_total": 0,
        }
        return WorkloadIdentityCredential(**(settings | changes))

    def client(self, kind, credential=None):
        return kind(
            self.vault,
            credential or self.workload_identity(),
            # The challenge names vault.azure.net, and the vault is on localhost.
            verify_challenge_resource=False,
            connection_verify=self.ca,
            retry_total=0,
        )


class Case(unittest.TestCase):
    """A test with the fake and fresh clients."""

    fake = None

    def setUp(self):
        self.fake.control("DELETE", "faults")
        self.fake.control("DELETE", "calls")
        self.fake.control("DELETE", "vaults/app/denial")

    def secrets(self, credential=None):
        return self.fake.client(SecretClient, credential)


class SignIn(Case):
    def test_a_federated_token_is_exchanged_once_and_the_challenge_answered_once(self):
        # The clients remember challenges by address; this address is new to them.
        with tempfile.TemporaryDirectory() as folder:
            fake = Fake(self.fake.program, pathlib.Path(folder))
            self.addCleanup(fake.end)
            client = fake.client(SecretClient)
            client.set_secret("sign-in", "value")
            self.assertEqual(client.get_secret("sign-in").value, "value")
            calls = fake.control("GET", "calls").json()
        self.assertEqual(calls["byKind"], {"setSecret": 1, "getSecret": 1, "token": 1})
        self.assertEqual(calls["unauthenticated"], 1)

    def test_another_subject_is_refused_with_its_code(self):
        other = self.fake.control("GET", "assertion?subject=system:serviceaccount:other:other").text
        path = self.fake.token_file.with_name("other-token")
        path.write_text(other)
        credential = self.fake.workload_identity(token_file_path=str(path))
        with self.assertRaises(ClientAuthenticationError) as caught:
            credential.get_token(SCOPE)
        self.assertIn("AADSTS700213", str(caught.exception))

    def test_a_client_secret_signs_in(self):
        credential = ClientSecretCredential(
            self.fake.environment["AZURE_TENANT_ID"],
            self.fake.environment["AZURE_CLIENT_ID"],
            self.fake.environment["FAKE_AZURE_CLIENT_SECRET"],
            authority=self.fake.environment["AZURE_AUTHORITY_HOST"],
            disable_instance_discovery=True,
            connection_verify=self.fake.ca,
        )
        self.secrets(credential).set_secret("client-secret", "value")

    def test_a_certificate_signs_in_when_it_is_registered(self):
        key = rsa.generate_private_key(65537, 2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "akv-sync")])
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        certificate = builder.sign(key, SHA256())
        pem = certificate.public_bytes(Encoding.PEM)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for registered in (False, True):
            if registered:
                self.fake.control("POST", "application/certificates", data=pem)
            credential = CertificateCredential(
                self.fake.environment["AZURE_TENANT_ID"],
                self.fake.environment["AZURE_CLIENT_ID"],
                certificate_data=private + pem,
                authority=self.fake.environment["AZURE_AUTHORITY_HOST"],
                disable_instance_discovery=True,
                connection_verify=self.fake.ca,
            )
            if registered:
                self.assertTrue(credential.get_token(SCOPE).token)
            else:
                with self.assertRaises(ClientAuthenticationError):
                    credential.get_token(SCOPE)

    def test_app_service_gives_a_token(self):
        names = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
        with mock.patch.dict("os.environ", {name: self.fake.environment[name] for name in names}):
            token = ManagedIdentityCredential().get_token(SCOPE)
        self.assertGreater(token.expires_on, time.time() + 3600)

    def test_a_revoked_token_is_refused(self):
        credential = self.fake.workload_identity()
        client = self.secrets(credential)
        client.set_secret("revoked", "value")
        self.fake.control("POST", "tokens/revoke")
        # The client keeps its token until it expires, and asks for no other.
        with self.assertRaises(ClientAuthenticationError):
            client.get_secret("revoked")
        self.assertEqual(self.secrets().get_secret("revoked").value, "value")


class Secrets(Case):
    def test_latest_and_exact_versions_are_told_apart(self):
        client = self.secrets()
        first = client.set_secret("two-versions", "one", content_type="text/plain", tags={"a": "b"})
        second = client.set_secret("two-versions", "two")
        self.assertNotEqual(first.properties.version, second.properties.version)
        self.assertEqual(client.get_secret("two-versions").value, "two")
        old = client.get_secret("two-versions", first.properties.version)
        self.assertEqual((old.value, old.properties.content_type, old.properties.tags), ("one", "text/plain", {"a": "b"}))
        versions = [item.version for item in client.list_properties_of_secret_versions("two-versions")]
        self.assertEqual(versions, sorted([first.properties.version, second.properties.version]))

    def test_a_list_goes_over_pages_also_when_some_are_empty(self):
        client = self.secrets()
        names = {f"page-{number}" for number in range(60)}
        for name in names:
            client.set_secret(name, "value")
        for on in ("false", "true"):
            self.fake.control("POST", f"vaults/app/empty-pages?on={on}")
            listed = [item.name for item in client.list_properties_of_secrets()]
            self.assertLessEqual(names, set(listed))
            self.assertEqual(len(listed), len(set(listed)))
        self.fake.control("POST", "vaults/app/empty-pages?on=false")

    def test_versions_go_over_pages_also_when_some_are_empty(self):
        client = self.secrets()
        made = {client.set_secret("many-versions", str(number)).properties.version for number in range(30)}
        for on in ("false", "true"):
            self.fake.control("POST", f"vaults/app/empty-pages?on={on}")
            listed = [item.version for item in client.list_properties_of_secret_versions("many-versions")]
            self.assertEqual(listed, sorted(made))
        self.fake.control("POST", "vaults/app/empty-pages?on=false")
        self.assertEqual(list(client.list_properties_of_secret_versions("no-such-secret")), [])

    def test_a_list_can_be_too_short_denied_or_fail_on_a_later_page(self):
        client = self.secrets()
        for number in range(30):
            client.set_secret(f"listed-{number}", "value")
        self.fake.control("PUT", "vaults/app/hidden", json=["listed-7"])
        self.assertNotIn("listed-7", [item.name for item in client.list_properties_of_secrets()])
        self.fake.control("PUT", "vaults/app/hidden", json=[])
        self.fake.control("POST", "vaults/app/denial", json={"denial": "rbac", "listsOnly": True})
        for listing in (client.list_properties_of_secrets(), client.list_properties_of_secret_versions("listed-7")):
            with self.assertRaises(HttpResponseError) as caught:
                list(listing)
            self.assertEqual(caught.exception.error.innererror["code"], "ForbiddenByRbac")
        self.assertEqual(client.get_secret("listed-7").value, "value")
        self.fake.control("DELETE", "vaults/app/denial")
        fault = {"service": "vault", "call": "listSecrets", "after": 1, "times": 1, "effect": {"throttled": {}}}
        self.fake.control("POST", "faults", json=fault)
        names = (item.name for item in client.list_properties_of_secrets())
        self.assertEqual(len([next(names) for _ in range(25)]), 25)
        with self.assertRaises(HttpResponseError) as caught:
            next(names)
        self.assertEqual(caught.exception.status_code, 429)

    def test_a_disabled_secret_is_forbidden_and_can_be_enabled(self):
        client = self.secrets()
        version = client.set_secret("disabled", "value", enabled=False).properties.version
        with self.assertRaises(HttpResponseError) as caught:
            client.get_secret("disabled")
        self.assertEqual((caught.exception.status_code, caught.exception.error.innererror["code"]), (403, "SecretDisabled"))
        client.update_secret_properties("disabled", version, enabled=True)
        self.assertEqual(client.get_secret("disabled").value, "value")

    def test_a_deleted_secret_is_not_found_until_it_is_recovered(self):
        client = self.secrets()
        client.set_secret("deleted", "value")
        deleted = client.begin_delete_secret("deleted").result()
        self.assertEqual(deleted.name, "deleted")
        with self.assertRaises(ResourceNotFoundError):
            client.get_secret("deleted")
        client.begin_recover_deleted_secret("deleted").wait()
        self.assertEqual(client.get_secret("deleted").value, "value")
        client.begin_delete_secret("deleted").wait()
        client.purge_deleted_secret("deleted")
        with self.assertRaises(ResourceNotFoundError):
            client.get_deleted_secret("deleted")

    def test_a_missing_role_and_throttling_are_told_apart(self):
        client = self.secrets()
        client.set_secret("refused", "value")
        self.fake.control("POST", "vaults/app/denial", json={"denial": "rbac"})
        with self.assertRaises(HttpResponseError) as caught:
            client.get_secret("refused")
        self.assertEqual(caught.exception.error.innererror["code"], "ForbiddenByRbac")
        self.fake.control("DELETE", "vaults/app/denial")
        fault = {"service": "vault", "times": 1, "effect": {"throttled": {}}}
        self.fake.control("POST", "faults", json=fault)
        with self.assertRaises(HttpResponseError) as caught:
            client.get_secret("refused")
        self.assertEqual(caught.exception.status_code, 429)


class Keys(Case):
    def test_keys_of_every_curve_and_of_rsa_are_made_and_read(self):
        client = self.fake.client(KeyClient)
        sizes = {KeyCurveName.p_256: 32, KeyCurveName.p_384: 48, KeyCurveName.p_521: 66, KeyCurveName.p_256_k: 32}
        for curve, size in sizes.items():
            name = f"ec-{curve.value.lower()}"
            made = client.create_ec_key(name, curve=curve)
            read = client.get_key(name)
            self.assertEqual((read.id, read.key.crv, len(read.key.x)), (made.id, curve, size))
        client.create_rsa_key("rsa", size=2048)
        self.assertEqual(len(client.get_key("rsa").key.n), 256)
        listed = {key.name for key in client.list_properties_of_keys()}
        self.assertLessEqual({"rsa", "ec-p-256"}, listed)

    def test_rotation_makes_a_version_and_keeps_the_old_one(self):
        client = self.fake.client(KeyClient)
        old = client.create_ec_key("rotated")
        new = client.rotate_key("rotated")
        self.assertNotEqual(old.key.x, new.key.x)
        self.assertEqual(client.get_key("rotated").id, new.id)
        self.assertEqual(client.get_key("rotated", old.properties.version).id, old.id)
        self.assertEqual(len(list(client.list_properties_of_key_versions("rotated"))), 2)


class Certificates(Case):
    def policy(self, **changes):
        settings = {
            "issuer_name": "Self",
            "subject": "CN=web.contoso.com",
            "san_dns_names": ["web.contoso.com"],
            "content_type": CertificateContentType.pkcs12,
            "key_type": KeyType.ec,
            "key_curve_name": "P-256",
            "exportable": True,
            "validity_in_months": 12,
        }
        return CertificatePolicy(**(settings | changes))

    def create(self, name, **changes):
        client = self.fake.client(CertificateClient)
        with mock.patch("time.sleep"):
            return client.begin_create_certificate(name, self.policy(**changes)).result()

    def secret_bytes(self, name):
        secret = self.secrets().get_secret(name)
        return secret, base64.b64decode(secret.value)

    def test_the_pfx_behind_a_certificate_opens_without_a_password(self):
        made = self.create("pfx", issuer_name="FakeAuthority")
        secret, pfx = self.secret_bytes("pfx")
        key, leaf, chain = pkcs12.load_key_and_certificates(pfx, None)
        self.assertIsInstance(key, ec.EllipticCurvePrivateKey)
        self.assertEqual(leaf, x509.load_der_x509_certificate(bytes(made.cer)))
        self.assertEqual(len(chain), 1)
        leaf.verify_directly_issued_by(chain[0])
        self.assertEqual(secret.properties.content_type, "application/x-pkcs12")
        self.assertTrue(secret.properties.managed)
        self.assertEqual(secret.properties.key_id, made.key_id)
        listed = next(item for item in self.secrets().list_properties_of_secrets() if item.name == "pfx")
        self.assertEqual((listed.managed, listed.content_type), (True, "application/x-pkcs12"))

    def test_latest_and_exact_versions_are_told_apart(self):
        first = self.create("versions")
        second = self.create("versions")
        client = self.fake.client(CertificateClient)
        self.assertEqual(client.get_certificate("versions").cer, second.cer)
        self.assertEqual(client.get_certificate_version("versions", first.properties.version).cer, first.cer)
        self.assertEqual(len(list(client.list_properties_of_certificate_versions("versions"))), 2)
        self.assertEqual(client.get_certificate_policy("versions").subject, "CN=web.contoso.com")
        self.assertIn("versions", [item.name for item in client.list_properties_of_certificates()])

    def test_disabling_a_version_disables_its_secret(self):
        version = self.create("switched").properties.version
        client = self.fake.client(CertificateClient)
        client.update_certificate_properties("switched", version, enabled=False)
        with self.assertRaises(HttpResponseError) as caught:
            self.secrets().get_secret("switched")
        self.assertEqual(caught.exception.error.innererror["code"], "SecretDisabled")

    def test_a_pem_certificate_has_an_rsa_key_that_fits(self):
        made = self.create("pem", content_type=CertificateContentType.pem, key_type=KeyType.rsa, key_curve_name=None, key_size=2048)
        text = self.secrets().get_secret("pem").value.encode()
        key = load_pem_private_key(text, None)
        self.assertIsInstance(key, rsa.RSAPrivateKey)
        leaf = x509.load_pem_x509_certificates(text)[0]
        self.assertEqual(leaf.public_key(), key.public_key())
        self.assertEqual(leaf, x509.load_der_x509_certificate(bytes(made.cer)))

    def test_a_certificate_that_is_not_exportable_gives_no_key(self):
        self.create("fixed", exportable=False)
        key, leaf, others = pkcs12.load_key_and_certificates(self.secret_bytes("fixed")[1], None)
        self.assertIsNone(key)
        self.assertEqual(len([leaf] if leaf else others), 1)

    def test_an_imported_pem_comes_back_as_it_was(self):
        self.create("source", content_type=CertificateContentType.pem)
        pem = self.secrets().get_secret("source").value
        client = self.fake.client(CertificateClient)
        policy = CertificatePolicy(issuer_name="Unknown", content_type=CertificateContentType.pem)
        client.import_certificate("imported", pem.encode(), policy=policy)
        self.assertEqual(self.secrets().get_secret("imported").value, pem)

    def test_a_certificate_that_is_not_there_is_not_found(self):
        with self.assertRaises(ResourceNotFoundError):
            self.fake.client(CertificateClient).get_certificate("nothing")


def main():
    # Refusals are expected, and the clients log each of them.
    logging.disable(logging.CRITICAL)
    program = pathlib.Path(sys.argv.pop(1)).resolve()
    with tempfile.TemporaryDirectory() as folder:
        Case.fake = Fake(program, pathlib.Path(folder))
        try:
            unittest.main(verbosity=2)
        finally:
            Case.fake.end()


if __name__ == "__main__":
    main()
