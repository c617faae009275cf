"""The command `reach`: what is asked is told first, one connection each, and what came of it is kept."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_command import Done

from scanner.catalog import Bundle, Catalog, SourceRow, locate, read
from scanner.cli.reach import ask
from scanner.graph import build
from scanner.model import Batch, Unit
from scanner.schema import ENTRY, MENTION

CANARY = "c4n4ry-w0rd"


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server on loopback that keeps what each connection sends, until the other side hangs up."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                taken.append(connection.recv(1000))

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1], taken
    server.close()


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def blackhole() -> Iterator[int]:
    """A server whose queue is full: whoever connects hears nothing."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        for each in (first, second):
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        yield int(port)


def test_each_outcome_is_told_apart(listener: tuple[int, list[bytes]], closed_port: int, blackhole: int) -> None:
    assert ask("127.0.0.1", listener[0], 2) == "answered"
    assert ask("127.0.0.1", closed_port, 2) == "refused"
    assert ask("127.0.0.1", blackhole, 0.3) == "timeout"


def test_a_name_that_is_not_there_is_told_from_a_resolver_that_is_silent() -> None:
    def missing(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    def busy(*_: object, **__: object) -> list[tuple[object, ...]]:
        raise socket.gaierror(socket.EAI_AGAIN, "try later")

    silent = threading.Event()

    def hangs(*_: object, **__: object) -> list[tuple[object, ...]]:
        silent.wait(30)
        return []

    assert ask("gone.corp", 1433, 2, missing) == "no_name"
    assert ask("busy.corp", 1433, 2, busy) == "unknown"
    assert ask("slow.corp", 1433, 0.1, hangs) == "unknown"
    silent.set()


def kept(place: Path, *mentions: tuple[str, str]) -> None:
    """A catalog of one share, whose file quotes some locators."""
    with Catalog.open(locate(str(place)), create=True) as catalog:
        catalog.lock()
        row = SourceRow("share", "smb", "share", None, "\\\\fs01\\it", 0, "share", {}, {})
        scan = catalog.start([row], version="0", depth="L2", title="t", config_hash="", targets="[]")
        entry = Batch(ENTRY, {"parent": [""], "name": ["etl.cmd"], "kind": ["file"], "size": [1]})
        quoted = Batch(
            MENTION,
            {
                "path": ["etl.cmd"] * len(mentions),
                "line": list(range(1, len(mentions) + 1)),
                "kind": [kind for kind, _ in mentions],
                "locator": [locator for _, locator in mentions],
                "status": ["active"] * len(mentions),
                "extractor": ["windows-script"] * len(mentions),
            },
        )
        buffer = catalog.buffer(scan, "share")
        for batch in (entry, quoted):
            buffer.add(1, batch)
        parts, bad = buffer.write()
        assert not bad
        catalog.commit(scan, Bundle("share", parts, [(1, Unit(""), "done", 1)]))
        catalog.finish(scan, "complete", 0)


def test_only_yes_asks_and_the_answer_stays_in_the_catalog(
    tmp_path: Path, here: Callable[..., Done], listener: tuple[int, list[bytes]], closed_port: int
) -> None:
    place = tmp_path / "c"
    # Two names for this machine's loopback: names of the machine itself are no place to ask.
    up, down = f"sftp://127.0.0.2:{listener[0]}/in", f"Server=127.0.0.3,{closed_port};Database=old;Uid=a;Pwd={CANARY}"
    kept(place, ("url", up), ("connection_string", down.replace(CANARY, "***")), ("url", "s3://nowhere/x"))
    told = here("reach", "--catalog", str(place))
    assert told.code == 0
    assert f"127.0.0.2:{listener[0]}" in told.out
    assert listener[1] == []
    asked = here("reach", "--yes", "--json", "--timeout", "2", "--catalog", str(place))
    outcomes = {r["host"]: (r["outcome"], r["dead"]) for r in asked.records if r["type"] == "reached"}
    assert outcomes["127.0.0.3"] == ("refused", True)
    with Catalog.open(locate(str(place))) as catalog, read(catalog) as reader:
        managed = {m.title: m for m in build(reader).managed}
    assert managed[f"127.0.0.3:{closed_port}/old"].status == "dead"
    assert "it refused the connection" in managed[f"127.0.0.3:{closed_port}/old"].asked
    assert managed["s3://nowhere"].status == "referenced"
    assert managed["share"].status == "scanned"


def test_an_unknown_name_is_a_clear_error(tmp_path: Path, here: Callable[..., Done]) -> None:
    kept(tmp_path / "c", ("url", "sftp://nas7/in"))
    done = here("reach", "nas8", "--catalog", str(tmp_path / "c"))
    assert done.code == 2
    assert "nas8" in done.err
    only = here("reach", "sftp://nas7", "--json", "--catalog", str(tmp_path / "c"))
    assert [(r["host"], r["port"]) for r in only.records if r["type"] == "place"] == [("nas7", 22)]
