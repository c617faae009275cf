"""Real servers, one of each per test process, started when first asked for; one that cannot start fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scanner.testing import servers


@pytest.fixture(scope="session")
def samba() -> Iterator[servers.Samba]:
    with servers.samba() as server:
        yield server


@pytest.fixture(scope="session")
def sshd() -> Iterator[servers.Sshd]:
    """With one password account, ``clerk``."""
    with servers.sshd({"clerk": servers.PASSWORD}) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3Server]:
    with servers.s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[servers.PostgreSQL]:
    with servers.postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[servers.MariaDB]:
    with servers.mariadb() as server:
        yield server
