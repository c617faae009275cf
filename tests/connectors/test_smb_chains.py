"""Many folders under way on one SMB connection: exact whatever the number of chains, and whatever the server grants."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from connectors.smb import PLUG, SmbConnector, chains, listing, reach, walk, wire
from connectors.smb.chains import Answer, Astray, Chains, Unsigned
from scanner.connector import Session
from scanner.model import Batch, Event, Fault, SourceError, Unit
from scanner.testing import servers
from scanner.testing.crawling import Crawl, crawl_all, ledger_gaps
from scanner.testing.servers import base

FOLDERS, FILES = 70, 23
LONG = 6_000


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMB_PW", base.PASSWORD)


def plant(root: Path) -> set[str]:
    """Folders on three levels, one of them empty and one too long for a chain; every path beneath the share."""
    for number in range(FOLDERS):
        folder = root / f"many/top {number % 7}" / f"Ordner {number} größer"
        folder.mkdir(parents=True)
        for name in range(FILES):
            (folder / f"{'a longer name ' * (number % 5)}{name}.txt").touch()
    (root / "empty").mkdir()
    (root / "long").mkdir()
    for name in range(LONG):
        (root / f"long/{name:05} of a folder that no chain holds.dat").touch()
    return {f"data/{path.relative_to(root)}" for path in root.rglob("*")} | {"data"}


@dataclass(frozen=True, slots=True)
class Share:
    server: servers.Samba
    paths: set[str]


@pytest.fixture(scope="module", params=["", " smb2 max credits = 64"], ids=["as usual", "64 credits"])
def share(request: pytest.FixtureRequest) -> Iterator[Share]:
    with servers.samba(options=request.param) as server:
        yield Share(server, plant(server.data))


def opened(share: Share, **more: object) -> SmbConnector:
    given = {"root": rf"\\{share.server.host}\data", "port": share.server.port, "user": share.server.user}
    options = PLUG.options.model_validate(given | {"password": "env:SMB_PW", "permissions": "none"} | more)
    connector = PLUG.open(options, Session("test"))
    assert isinstance(connector, SmbConnector)
    return connector


def whole(crawl: Crawl, share: Share) -> None:
    """Every name is there once, and every folder has been listed to its end."""
    assert len(crawl.paths) == len(set(crawl.paths))
    assert set(crawl.paths) == share.paths
    assert [fault for fault in crawl.faults if fault.op == "list"] == []
    assert all(row["complete"] for row in crawl.records("listing"))
    assert ledger_gaps(crawl) == []


def test_fault_044_the_count_is_exact_at_every_number_of_chains(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sorted(path for path in share.paths if path.startswith("data/many/"))
    with closing(opened(share)) as connector:
        under_way = connector._reach.link()._wire.chains
        send, most, parts, left = under_way.send, [0], [0], [64]

        def watched(*args: Any) -> None:
            send(*args)
            most.append(under_way.under_way)
            parts.append(len(under_way._parts))
            left.append(under_way.credits())

        monkeypatch.setattr(under_way, "send", watched)
        for window in range(1, 65):
            monkeypatch.setattr(chains, "FIRST", window)
            monkeypatch.setattr(chains, "MOST", window)
            under_way._pace.window = window
            found, waiting = [], [Unit("data/many/")]
            while waiting:
                for event in connector.crawl(waiting.pop()):
                    assert not isinstance(event, Fault), event
                    if isinstance(event, Unit):
                        waiting.append(event)
                    elif event.schema.name == "entry":
                        parents, names = event.columns["parent"], event.columns["name"]
                        found += [f"{parent}{name}" for parent, name in zip(parents, names, strict=True)]
            assert sorted(found) == expected, f"{len(found)} of {len(expected)} at {window} chains"
            assert max(most) <= window, "more were under way than allowed"
        assert min(left) >= chains.SPARE, "more was sent than the server had granted"
        few = "max credits = 64" in (share.server.directory / "smb.conf").read_text()
        assert max(parts) <= 64 - chains.SPARE if few else max(most) > 32


@pytest.mark.parametrize("permissions", ["none", "folders"])
def test_chains_tell_what_single_requests_tell(share: Share, permissions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(opened(share, permissions=permissions)) as connector:
        chained = crawl_all(connector)
    monkeypatch.setattr(chains.Chains, "fits", lambda *_: False)
    with closing(opened(share, permissions=permissions)) as connector:
        plain = crawl_all(connector)
    assert chained.normal() == plain.normal()
    whole(chained, share)


def test_what_exceeds_a_share_is_handed_out_and_told_once(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "SHARE", 40)
    monkeypatch.setattr(chains, "FIRST", 2)  # latencies would say else how much is under way when the share is full
    monkeypatch.setattr(chains, "MOST", 2)
    with closing(opened(share, permissions="folders")) as connector:
        crawl = crawl_all(connector)
    assert len(crawl.units) > 10
    assert all(
        record.get("owner")
        for path, record in crawl.entries.items()
        if (share.server.data.parent / path).is_dir() and path != "data"
    )
    whole(crawl, share)


def test_a_folder_too_long_for_a_chain_is_listed_to_its_end(share: Share) -> None:
    with closing(opened(share)) as connector:
        names = listed(connector.crawl(Unit("data/long/")))
    assert names == LONG


def listed(events: Iterator[Event]) -> int:
    return sum(len(event) for event in events if isinstance(event, Batch) and event.schema.name == "entry")


@pytest.mark.parametrize("last", [0xC0000001, 0xC0000022, 0x00000000], ids=["unknown", "denied", "names without end"])
def test_a_listing_whose_end_was_not_seen_is_asked_for_again(
    share: Share, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands in place of 'no more names', the answer to a chain is not taken for the whole."""
    with closing(opened(share)) as connector:
        list(connector.roots())
        link = connector._reach.link()
        answered = link.answered

        def meddled() -> tuple[Any, list[Answer]] | None:
            told = answered()
            if told is None:
                return None
            of, (*begin, _end, closed) = told
            return of, [*begin, Answer(last, b"" if last else begin[-1].body), closed]

        monkeypatch.setattr(link, "answered", meddled)
        whole(crawl_all(connector), share)


def test_an_end_before_names_is_no_end(share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says there is nothing more, and then tells names, has told nothing that can be relied on."""
    with closing(opened(share)) as connector:
        list(connector.roots())
        link, plainly = connector._reach.link(), list[str]()
        answered, single = link.answered, link.open

        def meddled() -> tuple[Any, list[Answer]] | None:
            told = answered()
            if told is None:
                return None
            of, (*begin, names, end, closed) = told
            return of, [*begin, end, names, closed]

        def noted(*args: Any) -> Any:
            plainly.append(args[1])
            return single(*args)

        monkeypatch.setattr(link, "answered", meddled)
        monkeypatch.setattr(link, "open", noted)
        whole(crawl_all(connector), share)
        assert len(plainly) > FOLDERS, "the answers of chains were taken for whole"


def test_fault_043_folders_beside_a_dfs_link_are_not_asked_of_the_host_it_leads_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some servers list a DFS link as a plain folder; both hosts have a share of the same name, as replicas do."""
    with servers.samba(options=" msdfs root = yes") as near, servers.samba() as far:
        for server, name in ((near, "near"), (far, "far")):
            for folder in ("a", "m", "z"):
                if server is far or folder != "m":
                    (server.data / folder / name).mkdir(parents=True)
        (near.data / "m").symlink_to("msdfs:localhost\\data\\m")
        monkeypatch.setattr(reach, "PORT", far.port)
        monkeypatch.setattr(listing, "UNUSUAL", 0)
        for window in (1, 4):
            monkeypatch.setattr(chains, "FIRST", window)
            monkeypatch.setattr(chains, "MOST", window)
            with closing(opened(Share(near, set()), allow_hosts=["localhost"])) as connector:
                crawl = crawl_all(connector)
            names = {path.removeprefix("data/") for path in crawl.paths} - {"data"}
            assert names == {"a", "a/near", "m", "m/far", "z", "z/near"}
            assert [fault for fault in crawl.faults if fault.op == "list"] == []
            assert ledger_gaps(crawl) == []


@pytest.mark.parametrize(("there_s", "each_s", "least", "most"), [
    (0.02, 0.0005, 30, 64), (0.0001, 0.001, 8, 20), (0.02, 0.02, 8, 20),
], ids=["far", "near", "far and slow"])  # fmt: skip
def test_as_many_chains_are_under_way_as_keep_the_server_busy(
    there_s: float, each_s: float, least: int, most: int
) -> None:
    """A server that answers one after the other, each in so many seconds, so many seconds away."""
    pace = chains._Pace()
    for _ in range(2_000):
        pace.learn(there_s + each_s * max(1, pace.window - there_s / each_s))
    assert least <= pace.window <= most


# ── answers beside the protocol ──


@dataclass
class FakeWire:
    """A connection on which nothing is sent, and whose every signature is the same."""

    limit_s: float = 0.05
    supports_multi_credit: bool = True
    max_transact_size: int = 1 << 20
    sequence_window: dict[str, int] = field(default_factory=lambda: {"low": 10, "high": 100})
    sequence_lock: Any = field(default_factory=threading.Lock)
    sent: list[bytes] = field(default_factory=list)

    SIGNED = b"s" * 16

    def pace(self) -> None:
        pass

    def check(self) -> None:
        pass

    def signature(self, _part: bytes, _login: object) -> bytes:
        return self.SIGNED

    @property
    def transport(self) -> FakeTransport:
        return FakeTransport(self.sent)


@dataclass
class FakeTransport:
    sent: list[bytes]

    def send(self, data: bytes) -> None:
        self.sent.append(data)


class Login:
    encrypt_data = False
    signing_key = b"k"
    session_id = 5


class Tree:
    encrypt_data = False
    is_dfs_share = False
    tree_connect_id = 7


def answer(
    number: int, command: int, *, status: int = 0, flags: int = 9, more: bool = False, credits_: int = 1
) -> bytes:
    body = b"body-of-" + bytes([number])
    body += bytes(-len(body) % 8)
    head = struct.pack("<4sHHIHHIIQIIQ", b"\xfeSMB", 64, 1, status, command, credits_, flags, 0, number, 0, 7, 5)
    head = head[:20] + struct.pack("<I", 64 + len(body) if more else 0) + head[24:]
    return head + FakeWire.SIGNED + body


PARTS = (wire.CREATE, wire.QUERY_DIRECTORY, wire.QUERY_DIRECTORY, wire.CLOSE)


@pytest.fixture
def under_way() -> Chains:
    """One chain of four parts, sent: their messages are 10 to 13."""
    made = Chains(FakeWire())
    made.send(wire.listing_of("a", wire.PAYLOAD, rights=False), Login(), Tree(), "a")
    return made


def test_a_chain_is_one_message_of_related_parts_each_signed(under_way: Chains) -> None:
    (data,) = under_way._wire.sent
    told, at, step = [], 0, 1
    while step:
        _smb, _size, charge, _, command, _, flags, step, number = struct.unpack_from("<4sHHIHHIIQ", data, at)
        told.append((command, number, charge, bool(flags & 4), data[at + 48 : at + 64]))
        assert at % 8 == 0
        at += step
    assert told == [(c, 10 + n, 1, n > 0, FakeWire.SIGNED) for n, c in enumerate(PARTS)]
    assert under_way.credits() == 86


def test_an_answer_in_one_frame_or_in_several_is_the_same(under_way: Chains) -> None:
    one = b"".join(answer(10 + n, c, more=n < 1) for n, c in enumerate(PARTS[:2]))
    assert under_way.take(one)
    assert under_way.take(answer(13, PARTS[3], credits_=30))
    assert under_way.take(answer(12, PARTS[2], status=0x103, flags=3, credits_=2))  # wait a little
    assert under_way.take(answer(12, PARTS[2], status=0x80000006))
    told = under_way.answered()
    assert told is not None
    assert (told[0], [part.status for part in told[1]]) == ("a", [0, 0, 0x80000006, 0])
    assert under_way.credits() == 86 + 1 + 1 + 30 + 2 + 1
    assert under_way.answered() is None


def test_a_part_that_never_comes_is_no_answer(under_way: Chains) -> None:
    for n in (0, 1, 3):
        assert under_way.take(answer(10 + n, PARTS[n]))
    with pytest.raises(TimeoutError):
        under_way.answered()


@pytest.mark.parametrize(
    "frame",
    [
        answer(10, wire.CREATE, more=True) + answer(99, wire.CLOSE),
        answer(10, wire.CLOSE),
        answer(10, wire.CREATE, flags=8),
        answer(10, wire.CREATE, status=0x103),
        answer(10, wire.CREATE, more=True) + b"\xfeSMB",
        answer(10, wire.CREATE)[:20] + struct.pack("<I", 9999) + answer(10, wire.CREATE)[24:],
        answer(10, wire.CREATE)[:20] + struct.pack("<I", 8) + answer(10, wire.CREATE)[24:],
        answer(10, wire.CREATE, more=True) + answer(10, wire.CREATE),
    ],
    ids=[
        "another message",
        "another command",
        "a request",
        "pending, and not",
        "cut off",
        "beyond the end",
        "overlapping",
        "twice",
    ],
)
def test_an_answer_beside_the_protocol_ends_the_connection(under_way: Chains, frame: bytes) -> None:
    with pytest.raises(Astray):
        under_way.take(frame)


@pytest.mark.parametrize("flags", [1, 9])
def test_an_answer_without_its_signature_is_refused(under_way: Chains, flags: int) -> None:
    frame = answer(10, wire.CREATE, flags=flags)
    with pytest.raises(Unsigned):
        under_way.take(frame[:48] + bytes(16) + frame[64:])


def test_answers_to_other_requests_are_left_to_the_driver(under_way: Chains) -> None:
    assert not under_way.take(answer(77, wire.CREATE))


def test_an_answer_beside_the_protocol_is_worth_another_connection(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    def astray(*_: object, **__: object) -> None:
        raise Astray("an answer to no request (message 5)")

    with closing(opened(share)) as connector:
        list(connector.roots())
        monkeypatch.setattr(Chains, "_take", astray)
        with pytest.raises(SourceError) as raised:
            list(connector.crawl(Unit("data/empty/")))
        assert (raised.value.code, raised.value.transient) == ("OTHER", True)
        monkeypatch.undo()
        monkeypatch.setenv("SMB_PW", base.PASSWORD)
        assert listed(connector.crawl(Unit("data/many/top 1/"))) == 10 * (1 + FILES)
