"""How the tests of the SMB connector open a share, and crawl it."""

from __future__ import annotations

from contextlib import closing

from connectors.smb import PLUG
from scanner.connector import Connector, Session
from scanner.testing import servers
from scanner.testing.crawling import Crawl, crawl_all

WRONG = "wr0ng/Pw+2!"
"""A password no server here has."""


def settings(server: servers.Server, folder: str = "", **more: object) -> dict[str, object]:
    """Settings of a share or a folder in one, or of the whole host; the password stands in SMB_PW."""
    root = "\\".join(["\\\\" + server.host, *folder.split("/")]) if folder else "\\\\" + server.host
    return {"root": root, "port": server.port, "user": server.user, "password": "env:SMB_PW", **more}


def opened(given: dict[str, object], timeout_s: float = 20.0) -> Connector:
    """A connector that has not logged in yet."""
    return PLUG.open(PLUG.options.model_validate(given), Session("test", timeout_s=timeout_s))


def crawled(server: servers.Server, folder: str = "", **more: object) -> Crawl:
    """All there is to find in it."""
    with closing(opened(settings(server, folder, **more))) as connector:
        return crawl_all(connector)
