"""The parts of the SFTP connector that need no server: packets, settings, locators, trusted names."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.sftp import PLUG, Options
from connectors.sftp import wire as w
from connectors.sftp.content import read
from connectors.sftp.entries import REMEMBERED, Entries
from connectors.sftp.extended import NAMES, STATVFS, Room, names_accounts, room
from connectors.sftp.grants import UNKNOWN, Grants
from connectors.sftp.rest import Rest
from connectors.sftp.trust import Known, fingerprint
from connectors.sftp.window import LEAST, MOST, Window
from scanner.codes import CODES, StocktakeError
from scanner.model import SourceError
from scanner.testing.crawling import Pace, rows

U32 = st.integers(0, 2**32 - 1)
FACTS = st.tuples(
    st.none() | st.integers(0, 2**64 - 1),
    st.none() | st.tuples(U32, U32),
    st.none() | U32,
    st.none() | U32,
    st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=5)), max_size=2),
)


def _attributes(
    size: int | None,
    owner: tuple[int, int] | None,
    mode: int | None,
    time: int | None,
    more: list[tuple[bytes, bytes]],
) -> bytes:
    flags = (size is not None) | (owner is not None) << 1 | (mode is not None) << 2 | (time is not None) << 3
    flags |= 0x80000000 if more else 0
    body = struct.pack(">I", flags)
    body += b"" if size is None else struct.pack(">Q", size)
    body += b"" if owner is None else struct.pack(">II", *owner)
    body += b"" if mode is None else struct.pack(">I", mode)
    body += b"" if time is None else struct.pack(">II", 5, time)
    if more:
        body += struct.pack(">I", len(more)) + b"".join(w.string(part) for pair in more for part in pair)
    return body


def _names(listed: list[tuple[bytes, bytes, tuple]]) -> bytes:  # type: ignore[type-arg]
    return struct.pack(">I", len(listed)) + b"".join(
        w.string(name) + w.string(long) + _attributes(*facts) for name, long, facts in listed
    )


class TestPackets:
    @given(st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40), FACTS), max_size=6))
    def test_names_and_attributes_come_back_as_they_were(self, listed: list) -> None:  # type: ignore[type-arg]
        found, whole = w.names(_names(listed))
        assert whole
        expected = []
        for name, long, (size, owner, mode, time, _) in listed:
            uid, gid = owner or (None, None)
            expected.append((name, long, (size, uid, gid, mode, time)))
        assert found == expected

    @given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9), FACTS), min_size=1, max_size=4), st.data())
    def test_a_cut_answer_keeps_what_came_before_the_cut(self, listed: list, data: st.DataObject) -> None:  # type: ignore[type-arg]
        body = _names(listed)
        found, whole = w.names(body[: data.draw(st.integers(0, len(body) - 1))])
        assert not whole
        assert found == w.names(body)[0][: len(found)]

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_to_an_end(self, body: bytes) -> None:
        w.names(body)
        w.Reply(1, w.STATUS, body).status()

    @pytest.mark.parametrize(
        ("root", "path", "remote"),
        [(b"/", b"a/b/", b"/a/b"), (b"/srv", b"", b"/srv"), (b"/srv", b"x", b"/srv/x"), (b"/", b"", b"/")],
    )
    def test_a_remote_path_has_no_doubled_slash(self, root: bytes, path: bytes, remote: bytes) -> None:
        assert w.below(root, path) == remote


@dataclass
class Canned:
    """A stream that answers what it is told to, piece by piece, and remembers what was sent."""

    pieces: list[bytes] = field(default_factory=list)
    sent: bytes = b""
    answer: Callable[[int, int, bytes], bytes] | None = None

    def settimeout(self, timeout: float | None) -> None:
        pass

    def sendall(self, data: bytes) -> None:
        self.sent += data
        at = 0
        while self.answer and at < len(data):
            length, kind, number = struct.unpack_from(">IBI", data, at)
            self.pieces.append(self.answer(kind, number, data[at + 9 : at + 4 + length]))
            at += 4 + length

    def recv(self, size: int) -> bytes:
        if not self.pieces:
            return b""
        if self.pieces[0] == b"!":
            raise TimeoutError
        return self.pieces.pop(0)


def _wire(*pieces: bytes, answer: Callable[[int, int, bytes], bytes] | None = None) -> w.Wire:
    return w.Wire(Canned(list(pieces), answer=answer), Pace(), 5.0, "host:22")


def _packet(kind: int, number: int, body: bytes = b"") -> bytes:
    return struct.pack(">IBI", len(body) + 5, kind, number) + body


class TestWire:
    def test_answers_are_put_together_from_any_pieces(self) -> None:
        whole = _packet(w.HANDLE, 1, w.string(b"h")) + _packet(w.STATUS, 2, struct.pack(">I", 1))
        wire = _wire(*(whole[i : i + 1] for i in range(len(whole))))
        assert w.text(wire.reply().body)[0] == b"h"
        assert wire.reply().status() == (w.EOF, "")

    @pytest.mark.parametrize(
        ("pieces", "code", "transient"),
        [
            ((struct.pack(">I", w.MAX_PACKET + 1),), "OTHER", False),
            ((struct.pack(">I", 0),), "OTHER", False),
            ((struct.pack(">IB", 1, 101),), "OTHER", False),
            ((b"\0\0", b"!"), "TIMEOUT", True),
            ((b"\0\0",), "IO_ERROR", True),
            ((_packet(w.STATUS, 1, struct.pack(">I", w.CONNECTION_LOST)),), "IO_ERROR", True),
        ],
    )
    def test_a_broken_connection_is_an_error_with_a_code(
        self, pieces: tuple[bytes, ...], code: str, transient: bool
    ) -> None:
        with pytest.raises(SourceError) as raised:
            _wire(*pieces).reply()
        assert (raised.value.code, raised.value.transient) == (code, transient)
        assert code in CODES

    def test_an_answer_to_nothing_is_an_error(self) -> None:
        with pytest.raises(SourceError, match="not asked"):
            _wire(_packet(w.STATUS, 77, struct.pack(">I", 0))).call(w.CLOSE)

    @pytest.mark.parametrize("version", [2, 0])
    def test_an_older_protocol_is_refused(self, version: int) -> None:
        with pytest.raises(SourceError) as raised:
            _wire(struct.pack(">IBI", 5, w.VERSION, version)).greet()
        assert raised.value.code == "UNSUPPORTED_PROTOCOL"

    def test_every_request_is_paced_and_none_is_lost(self) -> None:
        wire = _wire(answer=lambda _kind, number, _body: _status(number, w.EOF))
        asked = [wire.ask(w.LSTAT, w.string(b"x" * 100)) for _ in range(100)]
        answered = [wire.reply().number for _ in asked]
        assert answered == asked
        assert isinstance(wire.pace, Pace)
        assert wire.pace.requests == 100


class TestContent:
    @given(st.binary(max_size=3000), st.integers(0, 3500), st.integers(0, 3500), st.integers(1, 700))
    def test_short_answers_are_put_together(self, content: bytes, start: int, length: int, most: int) -> None:
        """A server may give less than was asked for; only the end of the file ends it."""

        def answer(kind: int, number: int, body: bytes) -> bytes:
            if kind in (w.LSTAT, w.FSTAT):
                return _packet(w.ATTRS, number, struct.pack(">II", 4, 0o100644))
            if kind == w.OPEN:
                assert struct.unpack_from(">I", body, len(body) - 8)[0] == 1  # for reading, and nothing else
                return _packet(w.HANDLE, number, w.string(b"h"))
            if kind == w.READ:
                at, size = struct.unpack_from(">QI", body, 5)
                piece = content[at : at + min(size, most)]
                return _packet(w.DATA, number, w.string(piece)) if piece else _status(number, w.EOF)
            return _status(number, w.OK)

        assert read(_wire(answer=answer), b"/f", "f", start, length) == content[start : start + length]

    def test_what_is_no_regular_file_is_never_opened(self) -> None:
        def answer(kind: int, number: int, _body: bytes) -> bytes:
            assert kind == w.LSTAT
            return _packet(w.ATTRS, number, struct.pack(">II", 4, 0o010644))

        with pytest.raises(SourceError) as raised:
            read(_wire(answer=answer), b"/pipe", "pipe", 0, 10)
        assert raised.value.code == "UNKNOWN_TYPE"

    @pytest.mark.parametrize(
        ("code", "told"), [(w.DENIED, "DENIED"), (w.FAILURE, "IO_ERROR"), (w.NO_SUCH_FILE, "VANISHED")]
    )
    def test_a_refused_piece_ends_the_reading_and_closes_the_file(self, code: int, told: str) -> None:
        closed = []

        def answer(kind: int, number: int, _body: bytes) -> bytes:
            if kind in (w.LSTAT, w.FSTAT):
                return _packet(w.ATTRS, number, struct.pack(">II", 4, 0o100644))
            if kind == w.OPEN:
                return _packet(w.HANDLE, number, w.string(b"h"))
            if kind == w.CLOSE:
                closed.append(number)
            return _status(number, code if kind == w.READ else w.OK)

        with pytest.raises(SourceError) as raised:
            read(_wire(answer=answer), b"/f", "f", 0, 100_000)
        assert (raised.value.code, raised.value.where) == (told, "f")
        assert len(closed) == 1


def _status(number: int, code: int) -> bytes:
    return _packet(w.STATUS, number, struct.pack(">I", code) + w.string(b"") + w.string(b""))


class TestOwners:
    @pytest.mark.parametrize(
        ("line", "owner", "group", "links"),
        [
            (b"-rw-r--r--    1 alice    staff           7 Jan  2 03:04 f", "alice", "staff", 1),
            (b"-rw-r--r--+   2 1001     1002            7 Jan  2 03:04 f", "#1001", "#1002", 2),
            (b"-rw-r--r--    1 CORP\\al  domain users   7 Jan  2 03:04 f", "#1001", "#1002", None),
            (b"-rw-r--r--    ? alice    staff           7 Jan  2 03:04 f", "#1001", "#1002", None),
            (b"-rw-r--r--    1 alice    staff           8 Jan  2 03:04 f", "#1001", "#1002", None),
            (b"f", "#1001", "#1002", None),
            (b"", "#1001", "#1002", None),
            (b"-rw-r--r--    1 caf\xe9 staff           7 Jan  2 03:04 f", "caf\\xE9", "staff", 1),
            (b"-rw-r--r--    1 nul\0l   staff           7 Jan  2 03:04 f", "nul\\x00l", "staff", 1),
            (b"-rw-r--r--    1 " + b"a" * 300 + b" staff 7 Jan  2 03:04 f", "#1001", "#1002", None),
            (b"-rw-r--r-- " + b"9" * 30 + b" alice staff 7 Jan  2 03:04 f", "#1001", "#1002", None),
            (b"-rw-r--r-- " + b"9" * 5000 + b" alice staff 7 Jan  2 03:04 f", "#1001", "#1002", None),
            (b"-rw-r--r-- 1 alice staff " + b"7" * 5000 + b" Jan  2 03:04 f", "#1001", "#1002", None),
        ],
    )
    def test_names_are_taken_where_the_line_agrees_with_the_attributes(
        self, line: bytes, owner: str, group: str, links: int | None
    ) -> None:
        entries = Entries()
        entries.add(("", "f"), (b"f", line, (7, 1001, 1002, 0o100644, 0)), "file")
        (record,) = rows(entries.take())
        assert (record["owner"], record["group"], record["links"]) == (owner, group, links)

    @pytest.mark.parametrize(
        ("line", "kinds"),
        [
            (b"-rw-r--r--    1 1001     1002            7 Jan  2 03:04 f", {"unknown", "everyone"}),
            (b"-rw-r--r--    1 CORP\\al  domain users   7 Jan  2 03:04 f", {"user", "group", "everyone"}),
            (b"-rw-r--r--    1 2002     2003            7 Jan  2 03:04 f", {"user", "group", "everyone"}),
            (b"", {"user", "group", "everyone"}),
        ],
    )
    def test_a_number_is_nobodys_only_where_the_line_has_that_number(self, line: bytes, kinds: set[str]) -> None:
        """A line that could not be read, for a blank in a name say, tells nothing of who is there. Fault 35."""
        facts: w.Facts = (7, 1001, 1002, 0o100644, 0)
        grants = Grants(resolved=True)
        grants.add("f", "file", facts, Entries().add(("", "f"), (b"f", line, facts), "file"), UNKNOWN)
        assert {r["grantee_kind"] for r in rows(grants.take())} == kinds

    def test_a_server_with_ever_new_owners_is_not_remembered_without_end(self) -> None:
        entries = Entries()
        for n in range(2 * REMEMBERED + 5):
            entries.add(("", "f"), (b"f", b"", (7, n, n, 0o100644, 0)), "file")
        assert len(entries._who) <= REMEMBERED

    def test_lines_that_begin_alike_are_told_apart_where_they_differ(self) -> None:
        """What stands before the size is remembered; a line read anew must say the same."""
        lines = (
            b"-rw-r--r--    1 alice    staff           %d Jan  2 03:04 f",
            b"-rw-r--r--    2 alice    staff           %d Jan  2 03:04 f",
            b"-rw-r--r--    1 alice    staff   x       %d Jan  2 03:04 f",  # a blank in a group's name
            b"-rw-r--r--    1 bob      staff           %d Jan  2 03:04 f",
            b"-rw-r--r--    1 alice    staff           %d Jan  2 03:04 other",
            b"short %d f",
        )
        found: list[w.Found] = [
            (b"f", line % said, (size, uid, 1002, 0o100644, 0))
            for line in lines
            for said, size in ((7, 7), (8, 8), (7, 8), (7, None))
            for uid in (1001, 1003, None)
        ]
        together = Entries()
        for each in (*found, *found):
            together.add(("", "f"), each, "file")
        apart = []
        for each in found:
            alone = Entries()
            alone.add(("", "f"), each, "file")
            apart += rows(alone.take())
        assert list(rows(together.take())) == [*apart, *apart]

    @pytest.mark.parametrize(("modified", "told"), [(0, 0), (1_420_167_845, 1_420_167_845_000_000), (2**31, None)])
    def test_times_that_may_be_before_1970_are_unknown(self, modified: int, told: int | None) -> None:
        entries = Entries()
        entries.add(("", "f"), (b"f", b"", (7, 1, 1, 0o100644, modified)), "file")
        (record,) = rows(entries.take())
        assert record["modified"] == told


class TestWindow:
    def test_it_grows_while_the_server_waits_for_requests_on_their_way(self) -> None:
        window = Window()
        for _ in range(100):
            window.answered(0.020, full=True)
        assert window.size == LEAST + 100
        assert window.far

    def test_it_stays_where_requests_stand_in_line_at_the_server(self) -> None:
        window = Window()
        window.answered(0.001, full=False)
        for _ in range(100):
            window.answered(0.050, full=True)
            window.answered(0.0015, full=False)
        assert window.size == LEAST
        assert not window.far

    def test_it_has_an_end(self) -> None:
        window = Window()
        for _ in range(2 * MOST):
            window.answered(0.020, full=True)
        assert window.size == MOST


class TestRest:
    def test_directories_side_by_side_go_together_and_none_twice(self) -> None:
        rest = Rest()
        keys = [f"{above}d{n}/" for n in range(250) for above in ("", "a/", "a/b/")] + ["alone/one/"]
        for key in keys:
            rest.add(key)
        units = [*rest.take(), *rest.take(all_of_them=True)]
        given = [each.key for unit in units for each in unit.members or (unit,)]
        assert sorted(given) == sorted(keys)
        assert len(units) == 3 * 3 + 1
        assert not list(rest.take(all_of_them=True))

    def test_no_mark_is_longer_than_an_index_takes(self) -> None:
        rest = Rest()
        for n in range(50):
            rest.add(f"a/{'x' * 200}{n}/")
        units = list(rest.take(all_of_them=True))
        assert max(len(unit.after) for unit in units) < 1600
        assert sum(len(unit.members or (unit,)) for unit in units) == 50


class TestSettings:
    @pytest.mark.parametrize(
        ("url", "settings", "locator"),
        [
            (
                "sftp://al@host/srv/data?password=env:PW",
                {"host": "host", "user": "al", "path": "/srv/data", "password": "env:PW"},
                "sftp://al@host/srv/data",
            ),
            (
                "sftp://al@host:2222?key_file=/k&host_key=SHA256:" + "a+/" * 14 + "b",
                {
                    "host": "host",
                    "port": 2222,
                    "user": "al",
                    "path": ".",
                    "key_file": "/k",
                    "host_key": "SHA256:" + "a+/" * 14 + "b",
                },
                "sftp://al@host:2222",
            ),
            (
                "sftp://a%40b@[::1]:22/~/caf%E9%5C?password=env:PW&legacy_algorithms=true",
                {
                    "host": "::1",
                    "port": 22,
                    "user": "a@b",
                    "path": "caf\\xE9\\\\",
                    "password": "env:PW",
                    "legacy_algorithms": "true",
                },
                "sftp://a%40b@[::1]/~/caf%E9%5C",
            ),
        ],
    )
    def test_a_locator_becomes_settings_and_back(self, url: str, settings: dict[str, object], locator: str) -> None:
        got = PLUG.from_url(url)
        assert got == settings
        options = PLUG.options.model_validate(got)
        assert PLUG.locator(options) == locator
        assert PLUG.from_url(locator)["path"] == settings["path"]

    def test_a_password_in_a_locator_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(StocktakeError) as raised:
            PLUG.from_url("sftp://al:s3cret@host/srv")
        assert raised.value.code.code == "SECRET_LITERAL"
        assert "s3cret" not in str(raised.value)

    @pytest.mark.parametrize(
        "flawed",
        [
            {},
            {"password": "env:A", "key_file": "/k"},
            {"password": "literal"},
            {"password": "env:A", "key_passphrase": "env:B"},
            {"password": "env:A", "port": 0},
            {"password": "env:A", "host_key": "MD5:aa"},
            {"password": "env:A", "pasword": "env:B"},
        ],
    )
    def test_flawed_settings_are_refused(self, flawed: dict[str, object]) -> None:
        with pytest.raises(ValidationError) as raised:
            Options.model_validate({"host": "h", "user": "u"} | flawed)
        assert "literal" not in str(raised.value.errors(include_input=False, include_context=False, include_url=False))

    def test_the_account_is_who_where(self) -> None:
        account = PLUG.account(Options.model_validate({"host": "h", "user": "u", "password": "env:A"}))
        assert account is not None
        assert (account.host, account.name) == ("h:22", "u")


class TestExtensions:
    @staticmethod
    def _room(*values: int) -> Room | None:
        def answer(kind: int, number: int, body: bytes) -> bytes:
            assert (kind, body) == (w.EXTENDED, w.string(STATVFS.encode()) + w.string(b"/srv"))
            return _packet(w.EXTENDED_REPLY, number, struct.pack(f">{len(values)}Q", *values))

        return room(_wire(answer=answer), (STATVFS,), b"/srv")

    def test_room_is_counted_in_fragments_and_free_is_what_the_account_may_use(self) -> None:
        assert self._room(4096, 512, 1000, 500, 400, 90, 30, 20, 7, 1, 255) == Room(512_000, 204_800, 90, 20, True)

    @pytest.mark.parametrize(
        ("files", "files_free"),
        [(0, 0), (0, (1 << 64) - 1), ((1 << 64) - 1, (1 << 64) - 1), (5, 6)],
    )
    def test_files_that_are_not_counted_are_unknown(self, files: int, files_free: int) -> None:
        """btrfs says 0 of both, others all ones. Fault 35."""
        assert self._room(4096, 512, 10, 5, 4, files, files_free, files_free, 7, 0, 255) == Room(
            5120, 2048, None, None, False
        )

    @pytest.mark.parametrize(
        "values",
        [(4096, 512, 1000), (4096, 0, 10, 5, 4, 9, 3, 2, 7, 1, 255), ((1 << 64) - 1,) * 11,
         (4096, 512, 0, 0, 0, 0, 0, 0, 0, 0, 0), (1, 512, 10, 20, 20, 0, 0, 0, 0, 0, 255),
         (1, 1 << 63, 1 << 63, 0, 0, 0, 0, 0, 0, 0, 255)],
    )  # fmt: skip
    def test_room_that_cannot_be_is_unknown(self, values: tuple[int, ...]) -> None:
        assert self._room(*values) is None

    def test_nothing_is_asked_that_is_not_offered(self) -> None:
        silent = _wire(answer=lambda *_: pytest.fail("a request went out"))
        assert room(silent, ("fsync@openssh.com",), b"/") is None
        assert names_accounts(silent, ()) is False

    @pytest.mark.parametrize(
        ("users", "groups", "known"),
        [(b"daemon", b"sys", True), (b"", b"sys", False), (b"daemon", b"", False), (b"", b"", False)],
    )
    def test_a_server_without_names_for_the_accounts_every_unix_has_knows_none(
        self, users: bytes, groups: bytes, known: bool
    ) -> None:
        def answer(_kind: int, number: int, body: bytes) -> bytes:
            asked = struct.pack(">4I", 1, 2, 3, 4)
            assert body == w.string(NAMES.encode()) + w.string(asked) * 2
            held = [w.string(b"".join(map(w.string, (b"", name, b"", b"")))) for name in (users, groups)]
            return _packet(w.EXTENDED_REPLY, number, b"".join(held))

        assert names_accounts(_wire(answer=answer), (NAMES,)) is known

    def test_half_an_answer_is_none(self) -> None:
        half = w.string(w.string(b"daemon") * 4)
        wire = _wire(answer=lambda _kind, number, _body: _packet(w.EXTENDED_REPLY, number, half))
        assert names_accounts(wire, (NAMES,)) is False

    @pytest.mark.parametrize(
        "row",
        [
            w.string(b"daemon"),
            w.string(b"daemon") * 3,
            w.string(b"daemon") * 5,
            w.string(b"\xff" * 70_000),
            b"\xff\xff\xff\xffdaemon",
            b"x",
        ],
    )
    def test_answers_that_are_not_one_for_each_number_say_nothing(self, row: bytes) -> None:
        wire = _wire(answer=lambda _kind, number, _body: _packet(w.EXTENDED_REPLY, number, w.string(row) * 2))
        assert names_accounts(wire, (NAMES,)) is False

    def test_a_refusal_is_unknown(self) -> None:
        wire = _wire(answer=lambda _kind, number, _body: _status(number, w.UNSUPPORTED))
        assert room(wire, (STATVFS,), b"/") is None
        assert names_accounts(wire, (NAMES,)) is False


FOLDER: w.Facts = (4096, 1, 2, 0o040750, 0)


class TestGrants:
    @staticmethod
    def _told(kind: str, facts: w.Facts, above: w.Facts, *, resolved: bool = True) -> list[dict[str, object]]:
        grants = Grants(resolved)
        grants.add("f", kind, facts, ("ann", "#2"), above)
        return list(rows(grants.take())) if len(grants) else []

    @pytest.mark.parametrize(
        ("kind", "mode", "tells"),
        [
            ("file", 0o100640, False),  # passing through a folder is no right on a file
            ("file", 0o100750, False),
            ("file", 0o104640, False),
            ("file", 0o100644, True),
            ("directory", 0o040750, False),
            ("directory", 0o040740, True),
            ("special", 0o010640, False),
            ("link", 0o120777, False),
            ("link", 0o120640, False),
        ],
    )
    def test_rights_are_told_where_they_differ_from_the_folders(self, kind: str, mode: int, tells: bool) -> None:
        assert bool(self._told(kind, (1, 1, 2, mode, 0), FOLDER)) is tells

    @pytest.mark.parametrize(("uid", "gid"), [(9, 2), (1, 9), (None, None)])
    def test_another_owner_or_group_is_another_right(self, uid: int | None, gid: int | None) -> None:
        assert self._told("file", (1, uid, gid, 0o100640, 0), FOLDER)

    def test_what_is_unknown_is_no_right(self) -> None:
        assert not self._told("file", (1, 1, 2, None, 0), FOLDER)
        assert not self._told("unknown", (1, 1, 2, None, 0), UNKNOWN)
        assert self._told("file", (1, 1, 2, 0o100640, 0), UNKNOWN)

    def test_each_class_has_its_rights_and_a_group_with_less_than_others_is_denied_them(self) -> None:
        told = self._told("directory", (4096, 1, 2, 0o040705, 0), UNKNOWN)
        assert {(r["grantee"], r["grantee_kind"], r["grantee_id"], r["native"], r["effect"]) for r in told} == {
            ("ann", "user", "#1", "owner", "allow"),
            ("ann", "user", "#1", "user::rwx", "allow"),
            ("#2", "unknown", "#2", "group::---", "deny"),
            ("others", "everyone", None, "other::r-x", "allow"),
        }
        assert {(r["grantee"], r["right"]) for r in told if r["effect"] == "deny"} == {
            ("#2", "read"), ("#2", "list"), ("#2", "execute"),
        }  # fmt: skip
        assert {(r["path"], r["origin"], r["scope"]) for r in told} == {("f", "mode", "both")}

    def test_a_number_is_nobodys_only_where_names_are_known(self) -> None:
        kinds = {
            resolved: {r["grantee_kind"] for r in self._told("file", FOLDER, UNKNOWN, resolved=resolved)
                       if r["grantee"] == "#2"}
            for resolved in (True, False)
        }  # fmt: skip
        assert kinds == {True: {"unknown"}, False: {"group"}}


class TestTrust:
    def test_a_key_that_is_both_trusted_and_revoked_is_refused(self) -> None:
        known = Known(frozenset({fingerprint(b"key")}), frozenset({fingerprint(b"key")}))
        assert not known.accepts(b"key")
        assert known.refusal(b"key", "host:22").code == "HOST_KEY_CHANGED"
        assert Known().refusal(b"key", "host:22").code == "HOST_KEY_UNKNOWN"
