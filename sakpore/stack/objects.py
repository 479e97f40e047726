"""The embedded object store: SeaweedFS in one process with its S3 gateway, one bucket, object versions kept.

Its master, volume and filer ports speak without credentials on loopback and its own encryption at rest keeps the key
beside the data, so the application encrypts personal documents before they come here.
"""

import json
from pathlib import Path
from typing import Any

from sakpore.ports import SEAWEED_GRPC_OFFSET
from sakpore.secrets import InstallationSecrets, write_private
from sakpore.stack.errors import NotYetError

PORTS = ("s3", "s3_master", "s3_volume", "s3_filer", "s3_admin")


def command(program: str, folder: Path, config: Path, host: str, ports: dict[str, int]) -> tuple[str, ...]:
    """The server in the foreground, with what we do not use switched off."""
    return (
        *(program, "-logtostderr=true", "mini", f"-dir={folder}", f"-ip={host}", f"-ip.bind={host}"),
        *(f"-master.port={ports['s3_master']}", f"-volume.port={ports['s3_volume']}"),
        *(f"-filer.port={ports['s3_filer']}", f"-s3.port={ports['s3']}", f"-admin.port={ports['s3_admin']}"),
        # Without an id of its own a volume is named by its port, and ports move.
        *("-volume.id=sakpore", f"-s3.config={config}", "-s3.iam=false", "-master.telemetry=false"),
        *("-volume.preStopSeconds=0", "-admin.ui=false", "-webdav=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *("-s3.autoCreateBucket=false", "-s3.allowDeleteBucketNotEmpty=false"),
    )


def write_config(path: Path, secrets: InstallationSecrets) -> None:
    """The one identity that may use the store."""
    key = {"accessKey": secrets.s3_access_key, "secretKey": secrets.s3_secret_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    write_private(path, json.dumps({"identities": [{"name": "sakpore", "credentials": [key], "actions": actions}]}))


def make_bucket(endpoint: str, bucket: str, secrets: InstallationSecrets, marker: Path) -> None:
    """Make the bucket and switch versions on, once per data folder; the marker lies in that folder.

    Raises NotYetError.
    """
    if marker.exists() and marker.read_text() == bucket:
        return
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client: Any = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=secrets.s3_access_key,
        aws_secret_access_key=secrets.s3_secret_key,
        region_name="us-east-1",
        config=Config(
            retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=3, s3={"addressing_style": "path"}
        ),
    )
    try:
        if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    except (BotoCoreError, ClientError) as error:
        raise NotYetError(f"the bucket {bucket} cannot be made: {error}") from error
    write_private(marker, bucket)


def remove_sockets(ports: dict[str, int]) -> None:
    """Remove the Unix sockets that a killed server leaves in the folder of temporary files, named by our own ports."""
    for port in ports.values():
        for number in (port, port + SEAWEED_GRPC_OFFSET):
            for socket in Path("/tmp").glob(f"seaweedfs-*-{number}.sock"):  # noqa: S108 - where the server puts them
                socket.unlink(missing_ok=True)
