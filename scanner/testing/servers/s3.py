"""A real HTTP server speaking S3: moto, in a process of its own."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass

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
