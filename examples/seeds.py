"""What the demo's servers hold besides the share: buckets and an SFTP drop."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

KEYS = (
    "exports/2024/invoice.csv", "exports//double slash.csv", "trailing/",
    "über/straße.pdf", "100%/plus+and space.txt", "exports/../up.csv", "/leading", "tab\there.txt",
    "backups/cases/full.dump", "soap", "ends.",
)  # fmt: skip
"""Keys that object stores hold and file systems would not."""


def buckets(client: Any, rng: random.Random) -> None:
    """Four buckets: the website's, one with odd keys and archived dumps, one open to all, one nobody remembers."""
    for name in ("northmoor-web", "northmoor-exports", "northmoor-open-data", "tmp-migration-2017"):
        client.create_bucket(Bucket=name)
    for number in range(600):
        key = f"static/{rng.choice(('img', 'css', 'doc'))}/{number:04d}.bin"
        client.put_object(Bucket="northmoor-web", Key=key, Body=rng.randbytes(rng.randrange(20_000)))
    for key in KEYS:
        client.put_object(Bucket="northmoor-exports", Key=key, Body=b"x" * rng.randrange(5_000))
    for year in range(2012, 2020):
        client.put_object(
            Bucket="northmoor-exports", Key=f"archive/{year}.tar", Body=rng.randbytes(60_000), StorageClass="GLACIER"
        )
    for number in range(120):
        client.put_object(Bucket="northmoor-open-data", Key=f"spending/{number}.csv", Body=b"date,amount\n" * 50)
    client.put_object(Bucket="tmp-migration-2017", Key="people_full_extract.csv", Body=b"name,born\n" * 9_000)
    client.put_bucket_versioning(Bucket="northmoor-web", VersioningConfiguration={"Status": "Enabled"})
    everybody = {
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::northmoor-open-data/*",
        }],
    }  # fmt: skip
    client.put_bucket_policy(Bucket="northmoor-open-data", Policy=json.dumps(everybody))


def drop(folder: Path, rng: random.Random, owner: int) -> None:
    """An SFTP drop: a partner's feeds, a quarantine nobody may look into, and names in two encodings."""
    for sender in ("bank", "registrar", "contractor"):
        for month in range(1, 13):
            for day in (1, 15):
                file = folder / "incoming" / sender / f"2025-{month:02d}" / f"feed_{month:02d}{day:02d}.csv"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"id;amount\n" * rng.randrange(20, 900))
    outgoing = folder / "outgoing"
    outgoing.mkdir()
    (outgoing / "latest").symlink_to("../incoming/bank/2025-12")
    raw = os.fsencode(outgoing)
    for name in (b"caf\xe9.csv", "naïve.csv".encode(), b"two\nlines.csv", b"-rf"):
        with open(raw + b"/" + name, "wb") as handle:  # noqa: PTH123 - a name pathlib cannot hold
            handle.write(b"sample\n")
    quarantine = folder / "quarantine"
    quarantine.mkdir()
    (quarantine / "suspicious.zip").write_bytes(b"PK\x05\x06" + b"\0" * 18)
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(place, name), owner, -1, follow_symlinks=False)  # noqa: PTH118
    quarantine.chmod(0)
