"""Blob Storage and Service Bus without any secret; only TLS comes from files.

Needs azure-identity, azure-storage-blob and azure-servicebus.
"""

import os

from azure.identity import DefaultAzureCredential
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.storage.blob import BlobServiceClient

credential = DefaultAzureCredential()

blobs = BlobServiceClient(os.environ["BLOB_ACCOUNT_URL"], credential=credential)
blobs.get_blob_client("reports", "hello.txt").upload_blob(b"hello", overwrite=True)

with ServiceBusClient(os.environ["SERVICE_BUS_HOST"], credential) as bus, bus.get_queue_sender("reports") as sender:
    sender.send_messages(ServiceBusMessage("reports/hello.txt"))
