"""What files refer to: chosen, read, quoted in a process aside, kept once, and bounded whatever the content does."""

from __future__ import annotations

import hashlib
import io
import signal
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_files import Scanned, sqlite_file

from scanner import secrets
from scanner.codes import Exit
from scanner.crawl import Run
from scanner.extractors import registry
from scanner.sample import Sampler, aside, asking, planned
from scanner.sample.choose import chosen


@pytest.fixture(autouse=True)
def _quoters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The extractors of ``quoters``, here and in the helpers."""

    def anew() -> None:
        aside.HELPERS.close()
        for cached in (registry.extractors, asking.asked):
            cached.cache_clear()

    with monkeypatch.context() as patch:
        patch.setattr(registry, "FAMILIES", ("tests.sample.quoters",))
        anew()
        yield
    anew()


MENTIONS = "SELECT path, line, part, kind, locator, extractor FROM mention ORDER BY path, line, part, locator"


def test_file_is_quoted_with_its_line_and_hashed(scanned: Scanned, share: Path) -> None:
    (share / "a").mkdir()
    content = b"quote \\\\fs\\one\nquote \\\\fs\\two\nquote \\\\fs\\two\n"
    (share / "a" / "x.ORDERS").write_bytes(content)
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.rows(MENTIONS) == [
        ("a/x.ORDERS", 1, None, "unc", r"\\fs\one", "orders"),
        ("a/x.ORDERS", 2, None, "unc", r"\\fs\two", "orders"),
        ("a/x.ORDERS", 3, None, "unc", r"\\fs\two", "orders"),
    ]
    assert scanned.rows("SELECT status, alias, action, origin, store FROM mention LIMIT 1") == [
        ("active", "a", "reads", "test/line", str(share))
    ]
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    assert scanned.rows("SELECT path, name, value FROM setting WHERE path <> ''") == [
        ("a/x.ORDERS", "content_hash", f"blake2b:{digest}")
    ]
    assert scanned.rows("SELECT listed - entries - skipped - failed FROM source") == [(0,)]
    assert scanned.rows("SELECT count(*) FROM store WHERE kind = 'database file'") == [(0,)]


def test_the_same_place_is_kept_once_and_a_second_extractor_takes_what_the_first_declines(
    scanned: Scanned, share: Path
) -> None:
    (share / "twice.orders").write_bytes(b"part \\\\fs\\x\npart \\\\fs\\x\n")
    (share / "other.orders").write_bytes(b"notmine")
    (share / "conf.d").mkdir()
    (share / "conf.d" / "site").write_bytes(b"hello")
    scanned.scan()
    assert scanned.rows(MENTIONS) == [
        ("conf.d/site", None, None, "path", "second 5", "second"),
        ("other.orders", None, None, "path", "second 7", "second"),
        ("twice.orders", None, "inner", "unc", r"\\fs\x", "orders"),
    ]
    assert scanned.faults() == {}


def test_what_was_quoted_before_a_fault_is_kept(scanned: Scanned, share: Path) -> None:
    for order in ("trouble line 2", "unread", "wrong x", "fail", "deep", "swell", "crash"):
        (share / f"{order.split()[0]}.orders").write_text(f"quote kept\n{order}\n")
    assert scanned.scan().exit is Exit.COMPLETE
    assert {p for p, *_ in scanned.rows(MENTIONS)} == {
        f"{o}.orders" for o in ("trouble", "unread", "wrong", "fail", "deep", "swell", "crash")
    }
    told = {path: (reason, detail) for path, reason, detail in scanned.rows("SELECT path, reason, detail FROM fault")}
    assert told == {
        "trouble.orders": ("CONTENT_DAMAGED", "line 2"),
        "unread.orders": ("CONTENT_ENCRYPTED", "it needs a password"),
        "wrong.orders": ("EXTRACTOR_FAILED", "orders: ValueError"),
        "fail.orders": ("EXTRACTOR_FAILED", "orders: KeyError"),
        "deep.orders": ("CONTENT_LIMIT", "orders: nested too deep"),
        "swell.orders": ("CONTENT_LIMIT", "orders: more memory than 2,048 MiB"),
        "crash.orders": ("EXTRACTOR_FAILED", "orders: its process ended with -6"),
    }
    assert {op for (op,) in scanned.rows("SELECT op FROM fault")} == {"read"}


def test_extractor_that_hangs_costs_its_file_alone(
    scanned: Scanned, share: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "SECONDS", 1.0)
    (share / "a.orders").write_text("quote before\nhang\nquote after\n")
    for number in range(20):
        (share / f"{number}.orders").write_text(f"quote {number}\n")
    assert scanned.scan().exit is Exit.COMPLETE
    assert scanned.rows("SELECT count(*) FROM mention WHERE path <> 'a.orders'") == [(20,)]
    assert scanned.rows("SELECT locator FROM mention WHERE path = 'a.orders'") == [("before",)]
    assert scanned.rows("SELECT path, op, reason, detail FROM fault") == [
        ("a.orders", "read", "CONTENT_LIMIT", "orders: no end within 1 s")
    ]


def test_mentions_of_a_file_are_capped_and_that_is_told(scanned: Scanned, share: Path) -> None:
    (share / "a.orders").write_text("many 12000\n")
    scanned.scan()
    assert scanned.rows("SELECT count(*), count(DISTINCT locator) FROM mention") == [(10_000, 10_000)]
    assert scanned.faults() == {"a.orders": ("read", "CONTENT_LIMIT")}


def test_long_file_is_read_in_part_and_one_that_must_be_whole_not_at_all(scanned: Scanned, share: Path) -> None:
    (share / "a.orders").write_bytes(b"quote first\n" + b"x" * (1 << 20) + b"\nquote last\n")
    (share / "whole.bin").write_bytes(bytes(1001))
    scanned.scan()
    assert [r[4] for r in scanned.rows(MENTIONS)] == ["first"]
    assert scanned.rows("SELECT path, reason, detail FROM fault ORDER BY 1") == [
        ("a.orders", "CONTENT_LIMIT", "orders read its first 1,048,576 bytes"),
        ("whole.bin", "CONTENT_LIMIT", "it is longer than the 1,000 bytes that whole takes"),
    ]
    assert scanned.rows("SELECT path FROM setting WHERE name = 'content_hash'") == [("whole.bin",)]


def test_secret_that_is_known_is_cut_out_of_what_an_extractor_missed(scanned: Scanned, share: Path) -> None:
    secrets.remember("canary-4711")
    try:
        (share / "a.orders").write_text("quote \\\\fs\\canary-4711\ntrouble canary-4711\n")
        scanned.scan()
    finally:
        secrets.forget()
    assert [r[4] for r in scanned.rows(MENTIONS)] == [r"\\fs\***"]
    assert scanned.rows("SELECT detail FROM fault") == [("***",)]


def test_small_text_of_unknown_name_is_scanned_and_binary_and_large_and_known_ones_are_not(
    scanned: Scanned, share: Path
) -> None:
    line = b"quote \\\\fs\\x\n" + b"#" * 100
    for name, content in {
        "Jobfile": line, "run.xyz": line, "photo.jpg": line, "bin.xyz": line + bytes(3),
        "long.xyz": line + b"#" * (64 << 10),
    }.items():  # fmt: skip
        (share / name).write_bytes(content)
    scanned.scan()
    assert [(r[0], r[5]) for r in scanned.rows(MENTIONS)] == [("Jobfile", "text"), ("run.xyz", "text")]


def test_choice_goes_by_tier_kind_and_size() -> None:
    assert chosen("a/x.orders", "file", 10, None)
    assert chosen("a/x.orders", "object", None, "online")
    assert not chosen("a/x.orders", "object", 10, "offline")
    assert not chosen("a/x.orders", "link", 10, None)
    assert not chosen("a/x.orders", "file", 0, None)
    assert not chosen("a/x.jpg", "file", 100, None)


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def tarred(members: dict[str, bytes], mode: str = "w") -> bytes:
    """A tar of these members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as file:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("name", ["a.zip", "a.war", "a.tar", "a.tgz", "a.tar.gz"])
def test_members_of_an_archive_are_quoted_in_place(scanned: Scanned, share: Path, name: str) -> None:
    members = {
        "etc/x.orders": b"quote \\\\fs\\x\npart \\\\fs\\y\n", "../up.orders": b"quote up\n", "photo.jpg": b"quote no\n",
        "inner.zip": zipped({"y.orders": b"quote deeper\n"}),
    }  # fmt: skip
    pack = tarred(members, "w:gz" if "gz" in name else "w") if "t" in name else zipped(members)
    (share / name).write_bytes(pack)
    before = sorted(share.rglob("*"))
    assert scanned.scan().exit is Exit.COMPLETE
    assert sorted(scanned.rows("SELECT part, line, locator FROM mention"), key=str) == sorted(
        [("etc/x.orders", 1, r"\\fs\x"), ("etc/x.orders/inner", None, r"\\fs\y"), ("up.orders", 1, "up")], key=str
    )
    assert scanned.rows("SELECT op, reason, detail FROM fault") == [
        ("note", "CONTENT_LIMIT", "archives in it were not opened: inner.zip")
    ]
    assert sorted(share.rglob("*")) == before


def test_script_of_a_database_is_read_for_both(scanned: Scanned, share: Path) -> None:
    dump = b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t (x INT);\nquote \\\\fs\\x\n"
    (share / "dump").write_bytes(dump)
    sqlite_file(share / "a.sqlite")
    scanned.scan()
    assert scanned.rows("SELECT path FROM entry WHERE kind = 'table' AND path LIKE 'dump%'") == [("dump/t",)]
    assert [(r[0], r[4]) for r in scanned.rows(MENTIONS)] == [("dump", r"\\fs\x")]


def test_plan_tells_references_and_databases_apart(scanned: Scanned, share: Path) -> None:
    sqlite_file(share / "a.sqlite")
    (share / "x.orders").write_bytes(b"#" * 100)
    (share / "big.orders").write_bytes(b"#" * (3 << 20))
    (share / "conf.d").mkdir()
    (share / "conf.d" / "site.jpg").write_bytes(b"#" * 200)
    (share / "photo.jpg").write_bytes(b"#" * 300)
    (share / "odd.xyz").write_bytes(b"#" * 400)
    scanned.scan(scanned.bound("L1"))
    with scanned.reader() as reader:
        found = planned(reader, str(share))
    assert (found.references, found.reference_bytes) == (4, 100 + (1 << 20) + 200 + 400)
    assert found.databases == 1


def test_bytes_of_a_source_are_bounded(scanned: Scanned, share: Path) -> None:
    for number in range(10):
        (share / f"{number}.orders").write_bytes(b"quote x\n".ljust(100_000, b"#"))
    run = Run.start(scanned.catalog, [scanned.bound()], title="t", config_hash="0" * 64)
    run.sampling = lambda _bound: Sampler(most=350_000)
    run.execute(lambda _: None)
    quoted = scanned.rows("SELECT count(*) FROM mention")[0][0]
    assert 3 <= quoted < 10
    assert scanned.rows("SELECT DISTINCT reason FROM fault") == [("CONTENT_LIMIT",)]


def test_family_that_cannot_be_imported_costs_itself_alone_and_is_told_once(
    scanned: Scanned, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "family.py").write_text("EXTRACTORS = (1 / 0,)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "FAMILIES", ("tests.no_such_family", "broken.family", *registry.FAMILIES))
    registry.extractors.cache_clear()
    asking.asked.cache_clear()
    for folder in ("a", "b"):
        (share / folder).mkdir()
        (share / folder / "x.orders").write_bytes(b"quote \\\\fs\\one\n")
    assert scanned.scan().exit is Exit.GAPS
    assert scanned.rows("SELECT path FROM mention ORDER BY path") == [("a/x.orders",), ("b/x.orders",)]
    [(path, op, reason, detail)] = scanned.rows("SELECT path, op, reason, detail FROM fault")
    assert (path, op, reason) == ("", "read", "EXTRACTOR_MISSING")
    assert "tests.no_such_family (ModuleNotFoundError: " in detail
    assert "broken.family (ZeroDivisionError: " in detail
    assert scanned.rows("SELECT listed - entries - skipped - failed FROM source") == [(0,)]


def test_helper_that_is_lost_before_it_has_begun_costs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[aside.Helper] = []

    class Doomed(aside.Helper):
        """The first is killed by somebody else, as it has taken an order and not yet looked at it."""

        def __init__(self, memory_mib: int) -> None:
            super().__init__(memory_mib)
            if not started:
                self.process.send_signal(signal.SIGSTOP)
                threading.Timer(0.3, self.process.kill).start()
            started.append(self)

    monkeypatch.setattr(aside, "Helper", Doomed)
    helpers = aside.Helpers(1)
    try:
        answer = helpers.ask("x.orders", b"quote one\n", complete=True, memory_mib=1024)
    finally:
        helpers.close()
    assert len(started) == 2
    assert [row[1] for row in answer.rows] == ["one"]
    assert answer.faults == []
