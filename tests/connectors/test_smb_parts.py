"""The parts of the SMB connector that need no server: messages, names, kinds, share lists, referrals."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.smb import SmbConnector, dfs, listing, rpc, srvsvc, wire
from connectors.smb import folder as folders
from connectors.smb.folder import Folder
from connectors.smb.handle import Handle
from connectors.smb.options import SmbOptions
from connectors.smb.reach import Reach
from connectors.smb.rights import Rights
from connectors.smb.status import code_of, said
from scanner import paths
from scanner.connector import Session
from scanner.model import Batch, Fault, SourceError, Unit


def entry(name: bytes, *, attributes: int = 0x80, tag: int = 0, number: int = 7, step: int | None = None) -> bytes:
    fixed = struct.pack("<II4QQQIII28xQ", 0, 0, 1, 2, 3, 4, 5, 4096, attributes, len(name), tag, number)
    padded = fixed + name + bytes(-len(name) % 8)
    return struct.pack("<I", len(padded) if step is None else step) + padded[4:]


def page(names: Iterable[str | bytes]) -> bytes:
    raw = [name if isinstance(name, bytes) else name.encode("utf-16-le", "surrogatepass") for name in names]
    return b"".join(entry(name, step=0 if at == len(raw) - 1 else None) for at, name in enumerate(raw))


def folder(key: str = "share/a/") -> Folder:
    options = SmbOptions.model_validate({"root": r"\\host\share", "user": "u", "password": "env:P"})
    reach = Reach(options, Session("test"))
    for depth in range(1, key.count("/") + 1):  # known, so that nobody is asked
        reach.remember("/".join(key.split("/")[:depth]) + "/", ("host", depth, 1))
    return Folder(key, reach, Rights(reach, "none"), snapshots=False)


# ── messages ──


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=30))
def test_a_page_gives_its_names_back(names: list[str]) -> None:
    assert [each.name.decode("utf-16-le", "surrogatepass") for each in wire.entries(page(names))] == names


@given(st.binary(max_size=400))
def test_a_page_of_anything_is_names_or_a_value_error(junk: bytes) -> None:
    try:
        found = list(wire.entries(junk))
    except ValueError:
        return
    assert sum(len(each.name) for each in found) <= len(junk)


@pytest.mark.parametrize(
    "broken",
    [page(["abc"])[:-7], entry(b"a\0b\0", step=8), entry(b"a\0", step=1000) + b"rest", entry(b"a\0")[:60]],
    ids=["cut in a name", "overlapping", "beyond the end", "cut in the head"],
)
def test_a_page_that_contradicts_itself_is_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="listing"):
        list(wire.entries(broken))


def test_the_identity_is_found_among_other_contexts() -> None:
    def context(name: bytes, data: bytes, *, last: bool) -> bytes:
        body = struct.pack("<HHHHI", 16, 4, 0, 24, len(data)) + name + bytes(4) + data
        body += bytes(-(len(body) + 4) % 8)
        return struct.pack("<I", 0 if last else len(body) + 4) + body

    contexts = context(b"MxAc", bytes(8), last=False) + context(b"QFid", struct.pack("<QQ16x", 9, 5), last=True)
    fixed = struct.pack("<HBBI4QQQII16sII", 89, 0, 0, 1, 1, 2, 3, 4, 0, 77, 0x20, 0, b"h" * 16, 152, len(contexts))
    opened = wire.created(fixed + contexts)
    assert (opened.handle, opened.size, opened.attributes, opened.identity) == (b"h" * 16, 77, 0x20, (9, 5))


def test_an_answer_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before"):
        wire.page(struct.pack("<HHI", 9, 72, 100) + b"short")


# ── names and kinds ──


@given(st.binary(min_size=2, max_size=60).map(lambda raw: raw[: len(raw) & ~1]))
def test_every_name_restores_to_what_the_server_sent(raw: bytes) -> None:
    text, _ill_formed = listing.text(raw)
    assert "/" not in text
    assert paths.restore_text(text).encode("utf-16-le", "surrogatepass") == raw


@pytest.mark.parametrize(
    ("attributes", "tag", "expected"),
    [
        (0x410, 0xA0000003, ("link", None, "junction")),
        (0x420, 0xA000000C, ("link", None, "symlink")),
        (0x410, 0x8000000A, ("link", None, "dfs")),
        (0x420, 0x9000001A, ("file", "offline", "cloud")),
        (0x420, 0x9000301A, ("file", "offline", "cloud")),
        (0x410, 0x9000601A, ("directory", None, "cloud")),
        (0x420, 0x80000013, ("file", "online", "dedup")),
        (0x1420, 0xC0000004, ("file", "offline", "hsm")),
        (0x1020, 0, ("file", "offline", None)),
        (0x400020, 0, ("file", "offline", None)),
        (0x40020, 0, ("file", "offline", None)),
        (0x420, 0x80000024, ("special", None, "fifo")),
        (0x420, 0x80001234, ("file", "online", "reparse 0x80001234")),
        (0x420, 0xA0001234, ("link", None, "reparse 0xa0001234")),
    ],
)
def test_fault_018_kind_and_tier_come_from_attributes_and_tag(
    attributes: int, tag: int, expected: tuple[str, str | None, str | None]
) -> None:
    assert listing.unusual(attributes, tag) == expected


@pytest.mark.parametrize("name", ["TZHRWN~N", "AV2RNM~X", "REPORT~1.DOC", "_ABCDE~0.T"])
def test_aliases_are_recognised(name: str) -> None:
    assert listing.is_mangled(name)


@pytest.mark.parametrize("name", ["report~1.doc", "~$REPORT.DOC", "A~B", "REPORT~12", "REPORT~1.LONG", "BACKUP~", "X"])
def test_ordinary_names_are_no_aliases(name: str) -> None:
    assert not listing.is_mangled(name)


@pytest.mark.parametrize(
    ("filetime", "expected"), [(0, None), (0x7FFFFFFFFFFFFFFF, None), (116444736000000000, 0), (10, -11644473599999999)]
)
def test_times_count_from_1970_and_unknown_is_none(filetime: int, expected: int | None) -> None:
    assert listing.time(filetime) == expected


# ── a folder ──


def test_fault_010_a_name_that_comes_twice_is_recorded_once() -> None:
    listed = folder()
    events = listed.add(page([".", "..", "a", "b"])) + listed.add(page(["b", "c"]))
    assert events == [Fault("share/a/b", "skip", "DUPLICATE_ENTRY")]
    assert (listed.listed, len(listed.rows)) == (4, 3)


@pytest.mark.parametrize("name", ["..\0", "a/b", "../../etc", "\0"])
def test_names_that_are_no_part_of_a_path_are_failures(name: str) -> None:
    listed = folder()
    (fault,) = listed.add(page([name]))
    assert isinstance(fault, Fault)
    assert (fault.op, fault.reason, len(listed.rows), listed.listed) == ("stat", "OTHER", 0, 1)
    assert "\0" not in fault.path


def test_fault_014_a_folder_with_the_number_of_one_above_is_no_unit() -> None:
    listed = folder("share/a/")
    listed._reach.remember("share/a/again/", ("host", 1, 1))
    listed._reach.remember("share/a/other volume/", ("host", 1, 2))
    raw = [name.encode("utf-16-le") for name in ("again", "other volume", "own")]
    packed = entry(raw[0], attributes=0x10, number=1) + entry(raw[1], attributes=0x10, number=1)
    events = listed.add(packed + entry(raw[2], attributes=0x10, number=9, step=0))
    assert events == [
        Fault("share/a/again", "descend", "LOOP", "it is share/ again"),
        Unit("share/a/other volume/"),
        Unit("share/a/own/"),
    ]
    assert len(listed.rows) == 3


def test_sizes_no_file_can_have_are_unknown() -> None:
    listed = folder()
    packed = struct.pack("<II4QQQIII28xQ", 0, 0, 1, 2, 3, 4, 1 << 63, (1 << 64) - 4096, 0x80, 2, 0, 7) + b"a\0"
    assert listed.add(packed) == []
    columns = listed.rows.take().columns
    assert (list(columns["size"]), list(columns["allocated"])) == ([None], [None])


def test_a_folder_too_deep_or_with_too_long_a_path_is_a_gap_and_no_unit() -> None:
    deep, long = folder("share/" + "a/" * 250), folder("share/" + ("n" * 250 + "/") * 131)
    for listed, name in ((deep, "b"), (long, "m" * 250)):
        (event,) = listed.add(entry(name.encode("utf-16-le"), attributes=0x10, step=0))
        assert isinstance(event, Fault)
        assert (event.op, event.reason) == ("list", "TOO_DEEP")
        assert len(listed.rows) == 1


def test_names_before_the_break_of_a_page_are_kept() -> None:
    listed = folder()
    assert listed.add(page(["abc", "def", "ghi"])[:-7]) == []
    assert (listed.listed, len(listed.rows)) == (2, 2)
    assert listed.broken is not None
    assert (listed.broken.code, listed.broken.transient) == ("PARTIAL", False)


class FakeLink:
    """A connection whose every answer is scripted."""

    host = "host"

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)

    def room(self) -> int:
        return 65536

    def ask(self, _share: str, _message: wire.Message, _parse: object, _path: str = "") -> bytes | None:
        return self.answers.pop(0)


def handle(*answers: bytes | None, size: int = 0) -> Handle:
    return Handle(FakeLink(*answers), "IPC$", wire.Opened(b"h" * 16, 0x80, size, None))  # type: ignore[arg-type]


@pytest.mark.parametrize("nothing", [None, b""])
def test_a_pipe_that_falls_silent_in_mid_answer_is_an_error_not_a_loop(nothing: bytes | None) -> None:
    with pytest.raises(rpc.RpcError, match="cut off"):
        handle(fragments(b"x" * 100, 50)[:40], nothing).call(b"")


def test_a_pipe_that_never_ends_is_an_error_not_a_loop() -> None:
    part = fragments(b"x" * 100, 50)[:74]
    with pytest.raises(rpc.RpcError, match="does not end"):
        handle(part, *[b"x"] * 10_000).call(b"")
    with pytest.raises(rpc.RpcError, match="does not end"):
        handle(*[part * 1000] * 300).call(b"")


def test_an_answer_in_very_many_fragments_is_read_in_time() -> None:
    stub = bytes(range(256)) * 20_000
    whole = fragments(stub, 16)
    begun = time.process_time()
    assert rpc.missing(whole) is None
    assert rpc.answered(whole) == stub
    assert time.process_time() - begun < 10, "the time grows with the square of the length"


def test_content_is_never_more_than_was_asked_for() -> None:
    assert handle(b"0123456789", size=100).read(0, 4) == b"0123"


def test_a_folder_without_end_is_given_up_at_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "LONGEST", 5)
    listed = folder()
    listed.add(page(["a", "b", "c"]))
    assert listed.broken is None
    listed.add(page(["d", "e", "f"]))
    assert listed.broken is not None
    assert listed.broken.code == "TRUNCATED"
    assert (listed.listed, len(listed.rows)) == (6, 6)


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "a/b"])
def test_a_share_that_cannot_be_one_is_a_failure_and_a_repeated_one_is_skipped(name: str) -> None:
    connector = SmbConnector(
        SmbOptions.model_validate({"root": r"\\host", "user": "u", "password": "env:P"}), Session("test")
    )

    class Host:
        def shares(self) -> list[srvsvc.Share]:
            return [srvsvc.Share(n, "disk", False, "") for n in ("data", name, "data")]

        def facts(self) -> dict[str, str]:
            return {}

        def server(self) -> srvsvc.Server:
            return srvsvc.Server("FILES", "10.0", 0, "")

        def authorise(self) -> None:
            pass

    connector._reach.link = lambda _host="": Host()  # type: ignore[method-assign,assignment,misc]
    connector._reach.services = lambda _host="": Host()  # type: ignore[method-assign,assignment,misc]
    events = list(connector.crawl(Unit("")))
    assert [e.key for e in events if isinstance(e, Unit)] == ["data/"]
    assert [(e.op, e.reason) for e in events if isinstance(e, Fault)] == [
        ("stat", "OTHER"),
        ("skip", "DUPLICATE_ENTRY"),
    ]
    (listed,) = [e.columns["listed"] for e in events if isinstance(e, Batch) and e.schema.name == "listing"]
    assert list(listed) == [3]


def test_a_server_short_of_resources_makes_the_engine_slow_down() -> None:
    told: list[float] = []
    options = SmbOptions.model_validate({"root": r"\\host\share", "user": "u", "password": "env:P"})
    connector = SmbConnector(options, Session("test", slow=told.append))

    def short(*_: object) -> Handle:
        code, transient = code_of(0xC0000205)
        raise SourceError(code, said(0xC0000205), transient=transient)

    connector._reach.open = short  # type: ignore[method-assign]
    with pytest.raises(SourceError) as raised:
        list(connector.crawl(Unit("share/")))
    assert (raised.value.code, raised.value.transient, told) == ("THROTTLED", True, [0.0])


def test_fault_018_a_folder_that_would_be_recalled_is_not_listed() -> None:
    (event,) = folder().add(entry("far".encode("utf-16-le"), attributes=0x40010, step=0))
    assert event == Fault("share/a/far", "descend", "OFFLINE", "listing it would recall it")


def test_a_statuses_words_carry_its_number() -> None:
    assert said(0xC0000022) == "ACCESS_DENIED (0xc0000022)"
    assert said(0xC0FFEE00) == "status (0xc0ffee00)"
    assert code_of(0xC0FFEE00) == ("OTHER", False)


# ── shares and referrals ──


def text(value: str) -> bytes:
    raw = (value + "\0").encode("utf-16-le")
    return struct.pack("<III", len(raw) // 2, 0, len(raw) // 2) + raw + bytes(-len(raw) % 4)


def share_list(shares: list[tuple[str, int, str]], *, status: int = 0, count: int | None = None) -> bytes:
    count = len(shares) if count is None else count
    stub = struct.pack("<6I", 1, 1, 4, count, 8, count)
    stub += b"".join(struct.pack("<III", 12, kind, 16) for _name, kind, _remark in shares)
    stub += b"".join(text(name) + text(remark) for name, _kind, remark in shares)
    return stub + struct.pack("<III", count, 0, status)


def fragments(stub: bytes, size: int) -> bytes:
    parts = [stub[at : at + size] for at in range(0, len(stub), size)] or [b""]
    return b"".join(
        struct.pack("<BBBBIHHI", 5, 0, 2, 2 if at == len(parts) - 1 else 0, 16, 24 + len(part), 0, 2) + bytes(8) + part
        for at, part in enumerate(parts)
    )


def test_shares_are_read_across_fragments() -> None:
    whole = fragments(share_list([("data", 0, "Übung"), ("C$", 0x80000000, ""), ("IPC$", 0x80000003, "x")]), 40)
    assert [cut for cut in range(len(whole)) if rpc.missing(whole[:cut]) is None] == []
    assert rpc.missing(whole) is None
    found = srvsvc.shares(rpc.answered(whole))
    assert [(s.name, s.kind, s.special, s.remark, s.is_store) for s in found] == [
        ("data", "disk", False, "Übung", True),
        ("C$", "disk", True, "", False),
        ("IPC$", "ipc", True, "x", False),
    ]


@pytest.mark.parametrize(
    ("stub", "says"),
    [
        (share_list([], status=5), "access denied"),
        (share_list([("a", 0, "")], count=99), "cut off"),
        (share_list([("a", 0, "")], count=10_000_000), "claims"),
        (share_list([("a", 0, "")], status=234), "breaks off"),
        (b"", "cut off"),
    ],
)
def test_a_share_list_that_is_refused_or_broken_says_so(stub: bytes, says: str) -> None:
    with pytest.raises(rpc.RpcError, match=says):
        srvsvc.shares(rpc.answered(fragments(stub, 1000)))


@given(st.binary(max_size=300))
def test_a_share_list_of_anything_is_shares_or_an_error(junk: bytes) -> None:
    try:
        found = srvsvc.shares(rpc.answered(fragments(junk, 1000)))
    except rpc.RpcError:
        return
    assert isinstance(found, list)


def test_a_referral_names_its_first_target() -> None:
    target = "\\files\\data\0".encode("utf-16-le")
    head = struct.pack("<HHI", 22, 1, 2) + struct.pack("<HHHHIHHH16x", 4, 34, 0, 4, 600, 0, 0, 34)
    assert dfs.first_target(head + target) == (11, "\\files\\data")


@given(st.binary(max_size=100))
def test_a_referral_of_anything_is_a_target_or_a_value_error(junk: bytes) -> None:
    try:
        _consumed, target = dfs.first_target(junk)
    except ValueError:
        return
    assert isinstance(target, str)
