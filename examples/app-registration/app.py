"""A program without a user that signs in to Microsoft Entra with a certificate from a file."""

import os

from azure.identity import CertificateCredential

FILE = "/mnt/akv/entra/daemon-app.pem"


def credential():
    """Made anew for each sign-in: it reads the file once, when it is made."""
    return CertificateCredential(os.environ["APP_TENANT_ID"], os.environ["APP_CLIENT_ID"], certificate_path=FILE)


with credential() as signed:
    token = signed.get_token("https://graph.microsoft.com/.default")
    print("signed in, token of", len(token.token), "characters")
