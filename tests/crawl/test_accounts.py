"""One account on one host is one key of the breaker, however the estate file spells it."""

from __future__ import annotations

import pytest

from scanner.registry import from_locator, plain_host


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("smb://SVC@FS01/x?password=env:P", "smb://svc@fs01.:445/y?password=env:P"),
        ("sftp://me@HOST/x?password=env:P", "sftp://me@host:22/y?password=env:P"),
        ("odbc:DRIVER={PostgreSQL Unicode};SERVER=DB;UID=u;PWD=env:P",
         "odbc:DRIVER={PostgreSQL Unicode};SERVER=db;PORT=5432;UID=u;PWD=env:P"),
        ("odbc:DRIVER={ODBC Driver 18 for SQL Server};SERVER=tcp:db,1433;UID=u;PWD=env:P",
         "odbc:DRIVER={FreeTDS};SERVER=DB;UID=u;PWD=env:P"),
    ],
)  # fmt: skip
def test_fault_047_account_has_one_key(one: str, other: str) -> None:
    """Faults 39 and 78."""
    assert from_locator(one).account == from_locator(other).account is not None


@pytest.mark.parametrize(
    ("host", "plain"),
    [
        ("Host.:22", "host:22"), ("LOCALHOST:22", "127.0.0.1:22"), ("[::1]:22", "127.0.0.1:22"),
        ("[fe80::1]:22", "[fe80::1]:22"), ("fe80::1", "fe80::1"), ("dsn:Orders", "dsn:orders"), ("db", "db"),
    ],
)  # fmt: skip
def test_host_in_one_spelling(host: str, plain: str) -> None:
    assert plain_host(host) == plain
