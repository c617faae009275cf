"""The ODBC connector over a driver that crashes, hangs, leaks and lies: here, and in a process apart as in a scan."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.odbc import PLUG
from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.connector import Session
from scanner.crawl import Run
from scanner.model import SourceError
from scanner.registry import Bound
from scanner.testing import odbc_driver
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return odbc_driver.build(tmp_path_factory.mktemp("driver"))


def crawl(library: Path, **settings: object) -> Crawl:
    options = PLUG.options.model_validate({"connection": odbc_driver.connection(library, **settings)})
    with closing(PLUG.open(options, Session("double"))) as connector:
        return crawl_all(connector)


def told(found: Crawl) -> set[tuple[str, str, str]]:
    """Faults besides what this driver never tells."""
    return {
        (f.path, f.op, f.reason) for f in found.faults if not f.detail.startswith(("foreign_keys: [IM001]", "views:"))
    }


def test_the_driver_that_behaves_is_read_whole(library: Path) -> None:
    found = crawl(library, tables=25)
    assert sorted(found.entries) == ["double", *(f"double/table_{n:06}" for n in range(25))]
    assert [r["name"] for r in found.records("column")] == ["id", "name"] * 25
    assert not told(found)


def test_fault_069_names_that_are_no_utf16_keep_what_they_are_and_their_siblings(library: Path) -> None:
    found = crawl(library, mode="garbage", tables=9)
    names = sorted(p.partition("/")[2] for p in found.entries if "/" in p)
    whole = [f"table_{n:06}" for n in range(9) if n % 3 != 1]
    assert names == sorted([*whole, *(f"\\xED\\xA0\\x80able_{n:06}" for n in (1, 4, 7))])
    assert all(str(r["name"]) in ("id", "name") for r in found.records("column"))
    assert not ledger_gaps(found)


def test_fault_069_a_length_beyond_all_reason_is_a_fault_and_no_crash(library: Path) -> None:
    found = crawl(library, mode="overlong", tables=9)
    assert told(found) == {("", "list", "QUERY_FAILED")}


@pytest.mark.parametrize("limit", [100, 1000, 65535])
def test_fault_077_an_answer_that_ends_at_a_round_number_is_told_as_cut(library: Path, limit: int) -> None:
    found = crawl(library, mode="truncate", limit=limit, tables=limit + 7)
    assert ("double/", "list", "TRUNCATED") in told(found)
    assert {(r["path"], r["complete"]) for r in found.records("listing")} == {("", True), ("double/", False)}
    assert not ledger_gaps(found)


@pytest.mark.parametrize(
    ("state", "code"),
    [("HYT00", "TIMEOUT"), ("42501", "QUERY_FAILED"), ("HY000", "QUERY_FAILED"), ("ZZ9ZZ", "QUERY_FAILED")],
)
def test_fault_071_a_fact_refused_with_any_state_costs_that_fact_alone(library: Path, state: str, code: str) -> None:
    found = crawl(library, mode="refuse", at="columns", state=state, tables=5)
    assert told(found) == {("double", "query", code)}
    assert len(found.entries) == 6
    assert not found.records("column")


def test_fault_074_a_connection_lost_in_the_midst_is_transient(library: Path) -> None:
    options = PLUG.options.model_validate(
        {"connection": odbc_driver.connection(library, mode="refuse", at="columns", state="08S01")}
    )
    with closing(PLUG.open(options, Session("double"))) as connector, pytest.raises(SourceError) as raised:
        crawl_all(connector)
    assert (raised.value.code, raised.value.transient) == ("UNREACHABLE", True)


@pytest.mark.parametrize(
    ("state", "code"),
    [("28000", "AUTH_REFUSED"), ("08001", "UNREACHABLE"), ("IM004", "DRIVER_MISSING"), ("HY000", "OTHER")],
)
def test_a_refused_connection_is_told_by_its_state(library: Path, state: str, code: str) -> None:
    with pytest.raises(SourceError) as raised:
        crawl(library, mode="refuse", at="connect", state=state)
    assert raised.value.code == code


# --- in a process apart, through the engine -------------------------------------------------------------------------


def scan(
    folder: Path, library: Path, limits: dict[str, object], **settings: object
) -> tuple[Exit, list[tuple[str, ...]]]:
    """A whole scan of the misbehaving source beside a sound one: its exit code, and the faults of both."""
    bad = {"connection": odbc_driver.connection(library, log=folder / "calls", **settings)}
    good = {"connection": odbc_driver.connection(library, tables=7)}
    sources = [
        Bound(
            SourceConfig(name=name, type="odbc", limits=Limits.model_validate({"connections": 1, **limits})),
            replace(PLUG, isolated=True),
            PLUG.options.model_validate(options),
            "connectors.odbc:PLUG",
        )
        for name, options in (("bad", bad), ("good", good))
    ]
    with Catalog.open(locate(str(folder / "catalog")), create=True) as catalog:
        catalog.lock()
        outcome = Run.start(catalog, sources, title="t", config_hash="").execute(lambda _p: None, every_s=0.05)
        with read(catalog) as reader:
            faults = reader.rows("SELECT source, path, op, reason, detail FROM fault ORDER BY ALL")
            sound = reader.rows("SELECT count(*) FROM entry WHERE source = 'good'")
    assert sound == [(8,)], "the other source is as ever"
    own = [f for f in faults if not str(f[4]).startswith(("foreign_keys: [IM001]", "views:"))]
    assert not [f for f in own if f[0] == "good"]
    return outcome.exit, own


def entries(folder: Path) -> list[str]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return [row[0] for row in reader.rows("SELECT path FROM entry WHERE source = 'bad' ORDER BY path")]


@pytest.mark.parametrize("mode", ["crash", "abort"])
def test_fault_063_a_driver_that_dies_is_named_tried_once_more_and_costs_its_part(
    library: Path, tmp_path: Path, mode: str
) -> None:
    exit_, faults = scan(tmp_path, library, {}, mode=mode, at="columns", tables=6)
    assert exit_ is Exit.GAPS
    assert [(f[0], f[1], f[2], f[3]) for f in faults] == [("bad", "double/", "list", "DRIVER_CRASH")]
    assert ("SIGSEGV" if mode == "crash" else "SIGABRT") in faults[0][4]
    assert len({line.split()[0] for line in (tmp_path / "calls").read_text().splitlines()}) >= 2
    assert entries(tmp_path)[0] == "double"


def test_fault_063_a_driver_that_dies_once_leaves_no_gap_and_nothing_twice(library: Path, tmp_path: Path) -> None:
    _, faults = scan(tmp_path, library, {}, mode="crash", at="columns", once=tmp_path / "once", tables=6)
    assert not faults
    assert entries(tmp_path) == ["double", *(f"double/table_{n:06}" for n in range(6))]


def test_fault_064_a_driver_that_ignores_every_timeout_is_killed(library: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    exit_, faults = scan(tmp_path, library, {"hang_s": 1.5}, mode="sleep", at="columns", tables=6)
    assert time.monotonic() - started < 40
    assert exit_ is Exit.GAPS
    assert [(f[0], f[1], f[3]) for f in faults] == [("bad", "double/", "FAILED_HUNG")]
    pids = {int(line.split()[0]) for line in (tmp_path / "calls").read_text().splitlines()}
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists() and pid != os.getpid()]


def test_fault_068_a_driver_that_leaks_ends_at_its_limit_and_leaves_the_scan_alone(
    library: Path, tmp_path: Path
) -> None:
    """What it leaks is taken from its own process, which may have so much and no more; this one never grows."""
    before = _peak_mib()
    limits: dict[str, object] = {"memory_mib": 512}
    _, faults = scan(tmp_path, library, limits, mode="leak", at="any", leak=400, tables=6)
    assert "no memory left" in (tmp_path / "calls").read_text()
    assert _peak_mib() - before < 200
    assert entries(tmp_path) or faults, "what could not be had for lack of memory is told"
    assert {(f[0], f[3]) for f in faults} <= {("bad", "DRIVER_CRASH"), ("bad", "QUERY_FAILED"), ("bad", "OTHER")}


def _peak_mib() -> int:
    """The most memory this process ever held."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024
