"""The SFTP connector against a server that lies: lists without end, repeats itself, leaves attributes out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import asyncssh
import pytest

from connectors.sftp import PLUG, Source, beside, crawl, names
from scanner.connector import Session
from scanner.model import Fault, SourceError, Unit
from scanner.testing import sftp_double as d
from scanner.testing.crawling import Crawl, Pace, crawl_all, ledger_gaps

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True, scope="module")
def secret() -> Iterator[None]:
    os.environ["STOCKTAKE_TEST_DOUBLE"] = d.PASSWORD
    yield
    del os.environ["STOCKTAKE_TEST_DOUBLE"]


def _open(server: d.SftpDouble, **more: object) -> Source:
    settings: dict[str, object] = {"host": server.host, "port": server.port, "user": server.user}
    settings |= {"password": "env:STOCKTAKE_TEST_DOUBLE", "host_key": server.fingerprint}
    connector = PLUG.open(PLUG.options.model_validate(settings | more), Session("double", Pace(), 10.0))
    assert isinstance(connector, Source)
    return connector


def _crawl(script: type[d.Script], **more: object) -> Crawl:
    with d.sftp_double(script) as server, closing(_open(server, **more)) as connector:
        crawled = crawl_all(connector)
    assert not ledger_gaps(crawled)
    return crawled


def _reasons(crawled: Crawl) -> list[tuple[str, str, str]]:
    return sorted((f.path, f.op, f.reason) for f in crawled.faults)


def test_fault_037_a_directory_that_repeats_itself_is_given_up_after_a_few_answers() -> None:
    crawled = _crawl(d.Repeating)
    assert len(crawled.paths) == d.ANSWER
    assert _reasons(crawled) == [("", "list", "PAGING_STUCK")]
    assert crawled.records("listing") == [{"path": "", "listed": d.ANSWER, "complete": False}]


def test_fault_037_a_directory_without_end_is_given_up_at_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "LONGEST", 1000)
    crawled = _crawl(d.Endless)
    assert 1000 <= len(crawled.paths) < 1000 + d.ANSWER
    assert _reasons(crawled) == [("", "list", "TRUNCATED")]


def test_fault_037_repetition_is_noticed_even_where_names_are_no_longer_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "KEPT", 0)
    crawled = _crawl(d.Repeating)
    assert len(crawled.paths) == d.ANSWER
    assert _reasons(crawled) == [("", "list", "PAGING_STUCK")]


def test_fault_037_a_link_shown_as_a_directory_is_noticed_when_it_leads_back() -> None:
    crawled = _crawl(d.SelfSimilar)
    assert _reasons(crawled) == [("loop/loop/loop", "descend", "LOOP")]


def test_fault_037_a_tree_without_a_bottom_ends_at_a_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl, "DEPTH", 20)
    crawled = _crawl(d.Abyss)
    assert _reasons(crawled) == [("loop/" * 21, "list", "TOO_DEEP")]
    assert len(crawled.paths) == 2 * 21


def test_fault_010_a_name_given_twice_is_recorded_once() -> None:
    crawled = _crawl(d.Twice)
    assert sorted(crawled.paths) == ["a", "b", "c", "d"]
    assert _reasons(crawled) == [("a", "skip", "DUPLICATE_ENTRY"), ("b", "skip", "DUPLICATE_ENTRY")]
    assert crawled.records("listing") == [{"path": "", "listed": 6, "complete": True}]


def test_fault_034_missing_attributes_are_asked_for_once_and_unknown_after_that() -> None:
    crawled = _crawl(d.Bare)
    entries = crawled.entries
    kinds = {path: (e["kind"], e["size"]) for path, e in entries.items()}
    assert kinds == {
        "file": ("file", 7),
        "directory": ("directory", None),
        "directory/inside": ("file", 9),
        "link": ("link", None),
        "mute": ("unknown", None),
    }
    assert entries["link"]["target"] == "caf\\xE9"
    assert all(entries["mute"][column] is None for column in ("modified", "owner", "group", "mode"))
    assert _reasons(crawled) == [("gone", "stat", "VANISHED"), ("mute", "descend", "UNKNOWN_TYPE")]


def test_fault_034_illegal_attributes_are_unknown_and_illegal_names_are_failures() -> None:
    crawled = _crawl(d.Illegal)
    entries = crawled.entries
    assert entries["huge"]["size"] is None
    assert entries["late"]["modified"] is None
    assert entries["more bits"]["mode"] == d.FILE
    assert (entries["typeless"]["kind"], entries["nonsense"]["kind"]) == ("unknown", "unknown")
    assert entries["fine"]["size"] == 3
    failed = [f.path for f in crawled.faults if f.op == "stat"]
    assert sorted(failed) == ["", "..\\x2Fescape", "nul\\x00l"]


def test_fault_034_a_server_that_tells_nothing_more_leaves_everything_unknown() -> None:
    """No attributes, no LSTAT, no REALPATH: names are told, nothing is entered, nothing is invented. Fault 35."""
    crawled = _crawl(d.Terse)
    assert sorted(crawled.paths) == ["directory", "file", "gone", "link", "mute"]
    assert {e["kind"] for e in crawled.entries.values()} == {"unknown"}
    assert {e[c] for e in crawled.entries.values() for c in ("size", "modified", "owner", "group", "mode")} == {None}
    assert {(f.op, f.reason) for f in crawled.faults} == {("descend", "UNKNOWN_TYPE")}
    assert crawled.records("grant") == []
    told = _told(crawled)
    assert (told["root"], told["home"], told["locator"], told["filesystem_total_bytes"]) == (".", None, None, None)


def test_modes_without_owners_are_rights_of_an_unknown_owner() -> None:
    told = [r for r in _crawl(d.Anonymous).records("grant") if r["right"] == "write"]
    assert [(r["path"], r["grantee"], r["grantee_kind"], r["grantee_id"]) for r in told if r["path"] == ""] == [
        ("", "the owner", "unknown", None)
    ]
    assert {r["grantee"] for r in told if r["path"] == "folder/open"} == {"the owner", "the group", "others"}
    assert {r["path"] for r in told} == {"", "folder/open"}


def _told(crawled: Crawl) -> dict[object, object]:
    return {r["name"]: r["value"] for r in crawled.records("setting")}


def _seen(crawled: Crawl) -> dict[object, object]:
    assert all(r["reason"] == "not_configured" and r["kind"] == "directory" for r in crawled.records("seen"))
    return {r["name"]: r["locator"] for r in crawled.records("seen")}


def test_what_lies_beside_the_path_is_seen_on_every_level_that_may_be_listed() -> None:
    """Neither what a Unix has for itself, nor files and links, nor names that cannot be names."""
    with d.sftp_double(d.Crowded) as server, closing(_open(server, path="/export/home/clerk/inbox")) as connector:
        crawled = crawl_all(connector)
    base = f"sftp://{d.USER}@{server.host}:{server.port}"
    assert _seen(crawled) == {
        "/export/home/other": f"{base}/export/home/other",
        "/data": f"{base}/data",
        "/caf\\xE9": f"{base}/caf%E9",
    }


def test_what_lies_beside_has_one_locator_whichever_way_the_path_is_given() -> None:
    with d.sftp_double(d.Crowded) as server, closing(_open(server, path="elsewhere")) as connector:
        crawled = crawl_all(connector)
    assert (
        _seen(crawled)["/export/home/clerk/inbox"]
        == f"sftp://{d.USER}@{server.host}:{server.port}/export/home/clerk/inbox"
    )
    assert _told(crawled)["locator"] == f"sftp://{d.USER}@{server.host}:{server.port}/export/home/clerk/elsewhere"
    with d.sftp_double(d.Crowded) as server, closing(_open(server, path="/data")) as connector:
        assert _seen(crawl_all(connector)) == {
            f"/{name}": f"sftp://{d.USER}@{server.host}:{server.port}/{quoted}"
            for name, quoted in (("caf\\xE9", "caf%E9"), ("export", "export"),
                                 ("export/home/clerk", "export/home/clerk"))
        }  # fmt: skip
    with d.sftp_double(d.Crowded) as server, closing(_open(server, path="/data", discover=False)) as connector:
        assert _seen(crawl_all(connector)) == {}


def test_fault_037_a_level_that_never_ends_is_looked_at_a_few_times() -> None:
    with d.sftp_double(d.Endlessly) as server, closing(_open(server, path="/export/home/clerk")) as connector:
        crawled = crawl_all(connector)
    assert len(_seen(crawled)) == beside.ANSWERS * d.ANSWER + 1
    assert [f.reason for f in crawled.faults if f.op == "note"] == ["TRUNCATED"]


class Brimful(d.Crowded):
    """The same host with a top level of as many answers as are taken, and no more."""

    def names(self, path: bytes) -> Iterator[d.Name]:
        top = (d.Name(b"%d" % n, d.DIRECTORY) for n in range(beside.ANSWERS * d.ANSWER))
        return top if path == b"/" else super().names(path)


def test_a_level_that_was_looked_at_to_its_end_is_not_told_as_cut_short() -> None:
    with d.sftp_double(Brimful) as server, closing(_open(server, path="/export/home/clerk")) as connector:
        crawled = crawl_all(connector)
    assert len(_seen(crawled)) == beside.ANSWERS * d.ANSWER + 1
    assert not [f for f in crawled.faults if f.op == "note"]


class Unresolving(d.Crowded):
    """The same host, which gives every path back as it came."""

    def resolved(self, path: bytes) -> bytes:
        return path


def test_a_path_that_the_server_does_not_resolve_has_nothing_beside_it() -> None:
    """What lies above '/data/../export' is not what its words say: the source itself would be told as seen."""
    with d.sftp_double(Unresolving) as server, closing(_open(server, path="/data/../export/home")) as connector:
        assert _seen(crawl_all(connector)) == {}


@pytest.mark.parametrize(
    ("farewell", "code"),
    [
        ("WARNING: Your password has expired.\nPassword change required but no TTY available.\n", "AUTH_INTERACTIVE"),
        ("This account is \x1b[2J not available\n", "UNSUPPORTED_PROTOCOL"),
    ],
)
def test_fault_040_what_a_host_says_instead_of_sftp_is_told(farewell: str, code: str) -> None:
    with d.sftp_double(farewell=farewell) as server, closing(_open(server)) as connector:
        with pytest.raises(SourceError) as raised:
            connector.roots()
        assert (raised.value.code, raised.value.transient) == (code, False)
        assert farewell.split(maxsplit=1)[0] in raised.value.detail
        assert "\x1b" not in raised.value.detail
        assert server.logins == ["password"]


def test_a_server_with_few_handles_still_shows_every_directory() -> None:
    crawled = _crawl(d.FewHandles)
    assert len(crawled.paths) == 2 * d.FewHandles.directories
    assert not crawled.faults


class Refusing(d.Script):
    """Directories that fail in different ways, one of them half-way."""

    held = (b"denied", b"gone", b"failing", b"odd", b"half", b"fine")

    def names(self, path: bytes) -> Iterator[d.Name]:
        if path == b"/":
            yield from (d.Name(n, d.DIRECTORY) for n in self.held)
        elif path == b"/half":
            yield from (d.Name(b"%d" % n) for n in range(d.ANSWER + 3))
            raise asyncssh.SFTPFailure("input/output error")
        elif path != b"/fine":
            refusals = {
                b"/denied": asyncssh.SFTPPermissionDenied("permission denied"),
                b"/gone": asyncssh.SFTPNoSuchFile("no such file"),
                b"/failing": asyncssh.SFTPFailure("failure"),
                b"/odd": asyncssh.SFTPOpUnsupported("never heard of it"),
            }
            raise refusals[path]

    def facts(self, path: bytes) -> d.Name:
        return d.Name(b"fine", d.DIRECTORY) if path == b"/fine/." else super().facts(path)


def test_fault_029_each_refusal_has_its_code_and_what_came_before_is_kept() -> None:
    crawled = _crawl(Refusing)
    assert _reasons(crawled) == [
        ("denied/", "list", "DENIED"),
        ("failing/", "list", "IO_ERROR"),
        ("gone/", "list", "VANISHED"),
        ("half/", "list", "PARTIAL"),
        ("odd/", "list", "OTHER"),
    ]
    assert "half/0" in crawled.paths
    complete = {r["path"]: r["complete"] for r in crawled.records("listing")}
    assert (complete[""], complete["fine/"], complete["half/"]) == (True, True, False)


@pytest.mark.parametrize("login", ["questions", "expired"])
def test_fault_040_no_question_is_answered(login: str) -> None:
    with d.sftp_double(login=login) as server, closing(_open(server)) as connector:
        with pytest.raises(SourceError) as raised:
            connector.roots()
        assert (raised.value.code, raised.value.transient) == ("AUTH_INTERACTIVE", False)
    assert not server.answers
    assert server.logins.count("password") <= 1
    assert "questions" not in server.logins


def test_a_host_without_sftp_is_told() -> None:
    with d.sftp_double(None) as server, closing(_open(server)) as connector, pytest.raises(SourceError) as raised:
        connector.roots()
    assert (raised.value.code, raised.value.transient) == ("UNSUPPORTED_PROTOCOL", False)


def test_a_crawl_left_half_way_does_not_disturb_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers to the first may still be on their way when the second asks."""
    monkeypatch.setattr(names, "LONGEST", 2000)
    monkeypatch.setattr(crawl, "ROWS", 100)
    with d.sftp_double(d.Endless) as server, closing(_open(server)) as connector:
        events = connector.crawl(Unit(""))
        next(events)
        next(events)
        events.close()  # type: ignore[attr-defined]
        again = list(connector.crawl(Unit("")))
    assert [e.reason for e in again if isinstance(e, Fault)] == ["TRUNCATED"]
