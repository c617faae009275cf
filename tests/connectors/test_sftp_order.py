"""A server that answers what is under way in any order, some names at a time: the tree is found whole all the same."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sftp import crawl
from connectors.sftp import wire as w
from connectors.sftp.crawl import Crawl
from connectors.sftp.grants import Grants
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.paths import canonical
from scanner.schema import ENTRY, LISTING
from scanner.testing.crawling import Pace, rows

FILE, FOLDER = 0o100644, 0o040755
_USUAL = 15


def _facts(mode: int) -> bytes:
    return struct.pack(">IQIIIII", _USUAL, 7, 1000, 1000, mode, 0, 1_600_000_000)


@dataclass
class Shuffled:
    """A stream with a server behind it: ``tree`` has the names of every folder; answers come when they are asked for.

    ``cut`` is the number of the NAME answer that announces one name more than it holds; none for 0.
    """

    tree: dict[bytes, list[bytes]]
    random: random.Random
    each: int = 3
    cut: int = 0
    waiting: list[bytes] = field(default_factory=list)
    handles: dict[bytes, list[bytes]] = field(default_factory=dict)
    told: int = 0

    def settimeout(self, timeout: float | None) -> None:
        pass

    def sendall(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            length, kind, number = struct.unpack_from(">IBI", data, at)
            reply, body = self._answer(kind, number, w.text(data, at + 9)[0])
            self.waiting.append(struct.pack(">IBI", len(body) + 5, reply, number) + body)
            at += 4 + length

    def recv(self, size: int) -> bytes:
        return self.waiting.pop(self.random.randrange(len(self.waiting))) if self.waiting else b""

    def _answer(self, kind: int, number: int, subject: bytes) -> tuple[int, bytes]:
        if kind == w.OPENDIR and subject in self.tree:
            handle = b"%d" % number
            self.handles[handle] = [subject + b"/" + name for name in self.tree[subject]]
            return w.HANDLE, w.string(handle)
        if kind == w.READDIR and self.handles[subject]:
            left = self.handles[subject]
            taken, left[:] = left[: self.each], left[self.each :]
            self.told += 1
            said = len(taken) + (self.told == self.cut)
            return w.NAME, struct.pack(">I", said) + b"".join(self._name(path) for path in taken)
        if kind in (w.STAT, w.LSTAT):
            return w.ATTRS, _facts(FOLDER)
        if kind == w.REALPATH:
            return w.NAME, struct.pack(">I", 1) + w.string(subject) + w.string(b"") + struct.pack(">I", 0)
        return w.STATUS, struct.pack(">I", w.EOF if kind == w.READDIR else w.OK)

    def _name(self, path: bytes) -> bytes:
        name = path.rpartition(b"/")[2]
        return w.string(name) + w.string(b"line") + _facts(FOLDER if path in self.tree else FILE)


def _tree(chance: random.Random) -> dict[bytes, list[bytes]]:
    """Folders three deep, some empty, some long, one with hostile names."""
    tree: dict[bytes, list[bytes]] = {b"/r": []}
    for top in range(12):
        place = b"/r/d%d" % top
        tree[b"/r"].append(b"d%d" % top)
        tree[place] = [b"f%d" % n for n in range(chance.choice((0, 1, 3, 6, 40)))]
        for below in range(chance.randrange(3)):
            tree[place].append(b"e%d" % below)
            tree[place + b"/e%d" % below] = [b"\xff", b"a\nb", b"a\\b", b" "][: chance.randrange(5)]
    return tree


def _crawled(stream: Shuffled) -> tuple[list[str], dict[str, tuple[int, bool]], list[Fault]]:
    """Paths, what every listing says, and faults, of all units one after another on one wire."""
    wire = w.Wire(stream, Pace(), 5.0, "host:22")
    units, paths, faults = [Unit("")], list[str](), list[Fault]()
    listings: dict[str, tuple[int, bool]] = {}
    while units:
        unit = units.pop()
        for event in Crawl(wire, b"/r", lambda _: True, Grants(resolved=True), snapshots=False).run(unit):
            if isinstance(event, Unit):
                units.append(event)
            elif isinstance(event, Fault):
                faults.append(event)
            elif isinstance(event, Batch) and event.schema is ENTRY:
                paths += [f"{r['parent']}{r['name']}" for r in rows(event)]
            elif isinstance(event, Batch) and event.schema is LISTING:
                assert not listings.keys() & {r["path"] for r in rows(event)}
                listings |= {str(r["path"]): (int(str(r["listed"])), bool(r["complete"])) for r in rows(event)}
    return paths, listings, faults


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), each=st.integers(1, 9))
def test_answers_in_any_order_come_to_the_same_tree(seed: int, each: int) -> None:
    chance = random.Random(seed)
    tree = _tree(chance)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(crawl, "DIRECTORIES", chance.choice((2, 5, 512)))
        paths, listings, faults = _crawled(Shuffled(tree, chance, each))
    assert sorted(paths) == sorted(canonical((p + b"/" + n)[3:]) for p, found in tree.items() for n in found)
    assert listings == {canonical(p[3:]) + "/" * (p != b"/r"): (len(n), True) for p, n in tree.items()}
    assert not faults


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), cut=st.integers(1, 12))
def test_an_answer_that_is_short_is_a_fault_of_its_folder_and_no_other(seed: int, cut: int) -> None:
    chance = random.Random(seed)
    tree = _tree(chance)
    paths, listings, faults = _crawled(Shuffled(tree, chance, 5, cut))
    assert len(paths) == len(set(paths)) == sum(listed for listed, _ in listings.values())
    assert [(f.op, f.reason) for f in faults] == [("list", "PARTIAL")]
    assert {path for path, (_, complete) in listings.items() if not complete} == {faults[0].path}


def test_a_server_that_stops_in_the_midst_is_a_transient_error() -> None:
    stream = Shuffled(_tree(random.Random(1)), random.Random(1))
    ended = stream.recv
    stream.recv = lambda size: b"" if stream.told > 5 else ended(size)  # type: ignore[method-assign]
    with pytest.raises(SourceError) as raised:
        _crawled(stream)
    assert (raised.value.code, raised.value.transient) == ("IO_ERROR", True)
