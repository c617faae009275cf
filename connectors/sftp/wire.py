"""SFTP version 3 as bytes: requests out, replies in, names never decoded.

The packet layout is that of draft-ietf-secsh-filexfer-02, which is what servers mean by version 3. paramiko's own
client decodes names, so that one undecodable name costs it the whole directory, and it waits for each reply in turn.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from connectors.sftp.window import Window
from scanner.model import SourceError
from scanner.paths import canonical

INIT, VERSION = 1, 2
OPEN, CLOSE, READ, LSTAT, FSTAT, OPENDIR, READDIR = 3, 4, 5, 7, 8, 11, 12
REALPATH, STAT, READLINK, EXTENDED = 16, 17, 19, 200
STATUS, HANDLE, DATA, NAME, ATTRS, EXTENDED_REPLY = 101, 102, 103, 104, 105, 201

OK, EOF, NO_SUCH_FILE, DENIED, FAILURE, BAD_MESSAGE, NO_CONNECTION, CONNECTION_LOST, UNSUPPORTED = range(9)
"""Status codes; a server turns nearly every error of its own into FAILURE."""

MAX_PACKET = 256 * 1024
"""Longest reply taken, in bytes; OpenSSH neither sends nor takes a longer one."""
_CHUNK = 1 << 20
_WRITE = 2048
_SLOW_S = 0.01

_HEAD = struct.Struct(">IBI")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_PAIR = struct.Struct(">II")
_ALL = struct.Struct(">IQIIIII")
_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 1, 2, 4, 8, 0x80000000
_USUAL = _HAS_SIZE | _HAS_OWNER | _HAS_MODE | _HAS_TIMES


class Malformed(Exception):  # noqa: N818 - names what the bytes are
    """A reply whose bytes end before what they announce."""


class Stream(Protocol):
    """What a wire runs on: a paramiko channel, or a double."""

    def settimeout(self, timeout: float | None) -> None:
        """Bound the waits that follow, in seconds."""
        ...

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        ...

    def recv(self, size: int) -> bytes:
        """At most that many bytes; none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: the number of the request, its kind, and the bytes after both."""

    number: int
    kind: int
    body: bytes

    def status(self) -> tuple[int, str]:
        """Status code and the server's own words; OK for any other kind of reply."""
        if self.kind != STATUS:
            return OK, ""
        if len(self.body) < 4:
            return FAILURE, "a status without a code"
        code = _U32.unpack_from(self.body)[0]
        try:
            words, _ = text(self.body, 4)
        except Malformed:  # servers older than version 3 send the code alone
            words = b""
        return code, canonical(words[:200].replace(b"\0", b""))


Facts = tuple[int | None, int | None, int | None, int | None, int | None]
"""Size, user number, group number, mode, seconds of the last change; None where the reply does not say."""
Found = tuple[bytes, bytes, Facts]
"""Name, the server's ``ls -l`` line of it, and the facts."""


def reason(code: int) -> str:
    """The code of a status that is no success."""
    return {NO_SUCH_FILE: "VANISHED", DENIED: "DENIED", FAILURE: "IO_ERROR"}.get(code, "OTHER")


def string(value: bytes) -> bytes:
    """A length and that many bytes."""
    return _U32.pack(len(value)) + value


def text(body: bytes, at: int = 0) -> tuple[bytes, int]:
    """The string at ``at`` and where it ends. Raises Malformed."""
    try:
        end = at + 4 + _U32.unpack_from(body, at)[0]
    except struct.error:
        raise Malformed("a string without its length") from None
    if end > len(body):
        raise Malformed("a string longer than its reply")
    return body[at + 4 : end], end


def facts(body: bytes, at: int = 0) -> tuple[Facts, int]:
    """The attributes at ``at`` and where they end. Raises Malformed."""
    size = uid = gid = mode = modified = None
    try:
        flags = _U32.unpack_from(body, at)[0]
        at += 4
        if flags & _HAS_SIZE:
            size = _U64.unpack_from(body, at)[0]
            at += 8
        if flags & _HAS_OWNER:
            uid, gid = _PAIR.unpack_from(body, at)
            at += 8
        if flags & _HAS_MODE:
            mode = _U32.unpack_from(body, at)[0]
            at += 4
        if flags & _HAS_TIMES:
            modified = _PAIR.unpack_from(body, at)[1]
            at += 8
        if flags & _HAS_MORE:
            count = _U32.unpack_from(body, at)[0]
            at += 4
            for _ in range(2 * count):  # names and values; each takes four bytes or more, so a lie ends at the end
                _, at = text(body, at)
    except struct.error:
        raise Malformed("attributes shorter than their flags say") from None
    return (size, uid, gid, mode, modified), at


def names(body: bytes) -> tuple[list[Found], bool]:
    """What a NAME reply lists, and whether it was whole; names before a broken one are kept."""
    found: list[Found] = []
    length, every = _U32.unpack_from, _ALL.unpack_from
    try:
        count, at = length(body, 0)[0], 4
        for _ in range(count):
            end = at + 4 + length(body, at)[0]
            name = body[at + 4 : end]
            at = end + 4 + length(body, end)[0]
            long = body[end + 4 : at]
            if length(body, at)[0] == _USUAL:  # what OpenSSH sends, read in one go
                _, size, uid, gid, mode, _, modified = every(body, at)
                found.append((name, long, (size, uid, gid, mode, modified)))
                at += 32
            else:
                said, at = facts(body, at)
                found.append((name, long, said))
    except (struct.error, Malformed):
        return found, False
    return found, True


@dataclass(slots=True)
class Wire:
    """Requests and replies on one stream; many may be under way, and replies may come in any order.

    ``pace`` is called before each request. After any SourceError raised here the stream is of no more use.
    """

    stream: Stream
    pace: Callable[[], None]
    timeout_s: float
    where: str
    window: Window = field(default_factory=Window)
    _out: bytearray = field(default_factory=bytearray)
    _since: float = 0.0
    _in: bytearray = field(default_factory=bytearray)
    _at: int = 0
    _number: int = 0

    def greet(self) -> tuple[int, tuple[str, ...]]:
        """Agree on version 3; the server's version and the names of its extensions."""
        self._out += struct.pack(">IBI", 5, INIT, 3)
        packet = self._packet()
        if len(packet) < 5 or packet[0] != VERSION:
            raise SourceError("UNSUPPORTED_PROTOCOL", "no SFTP version came", where=self.where)
        version, at, extensions = _U32.unpack_from(packet, 1)[0], 5, []
        try:
            while at < len(packet):
                name, at = text(packet, at)
                _, at = text(packet, at)
                extensions.append(canonical(name.replace(b"\0", b"")))
        except Malformed:
            pass  # extensions are not used, only told
        if version < 3:
            raise SourceError("UNSUPPORTED_PROTOCOL", f"SFTP version {version}", where=self.where)
        return version, tuple(extensions)

    def unread(self) -> bytes:
        """What came and was taken as no packet: words, where a program writes in the place of SFTP."""
        return bytes(self._in[self._at :])

    def ask(self, kind: int, body: bytes) -> int:
        """Add one request to what goes out next; its number."""
        self.pace()
        now = time.monotonic()
        if not self._out:
            self._since = now
        self._number = (self._number + 1) & 0xFFFFFFFF
        self._out += _HEAD.pack(len(body) + 5, kind, self._number) + body
        # Few and long writes cost least, but what was added before must not wait while the pace makes us wait.
        if len(self._out) > _WRITE or now - self._since > _SLOW_S:
            self.flush()
        return self._number

    def flush(self) -> None:
        """Send what was added."""
        if not self._out:
            return
        data, self._out = bytes(self._out), bytearray()
        try:
            self.stream.settimeout(self.timeout_s)
            self.stream.sendall(data)
        except TimeoutError:
            raise self._late() from None
        except (OSError, EOFError) as error:
            raise self._lost(error) from None

    def reply(self) -> Reply:
        """The next answer, whichever request it belongs to.

        Raises:
            SourceError: transient IO_ERROR or TIMEOUT when the connection is gone or silent; OTHER for broken packets.
        """
        packet = self._packet()
        if len(packet) < 5:
            raise SourceError("OTHER", "the server sent a packet without a number", where=self.where)
        reply = Reply(_U32.unpack_from(packet, 1)[0], packet[0], packet[5:])
        if reply.status()[0] in (NO_CONNECTION, CONNECTION_LOST):
            raise self._lost(ConnectionError(reply.status()[1]))
        return reply

    def call(self, kind: int, *parts: bytes) -> Reply:
        """One request and its answer, for when nothing else is under way."""
        number = self.ask(kind, b"".join(parts))
        reply = self.reply()
        if reply.number != number:
            raise self.stray(reply.number)
        return reply

    def stray(self, number: int) -> SourceError:
        """The error for an answer nobody asked for."""
        return SourceError("OTHER", f"the server answered request {number}, which was not asked", where=self.where)

    def _packet(self) -> bytes:
        """The bytes of one packet after its length, all of them within one deadline."""
        deadline = time.monotonic() + self.timeout_s
        self._fill(4, deadline)
        length = _U32.unpack_from(self._in, self._at)[0]
        if not 1 <= length <= MAX_PACKET:
            raise SourceError("OTHER", f"the server announced a packet of {length} bytes", where=self.where)
        self._fill(4 + length, deadline)
        start = self._at + 4
        packet = bytes(self._in[start : start + length])
        self._at = start + length
        if self._at >= _CHUNK or self._at == len(self._in):
            del self._in[: self._at]
            self._at = 0
        return packet

    def _fill(self, wanted: int, deadline: float) -> None:
        if len(self._in) - self._at >= wanted:
            return
        self.flush()
        while len(self._in) - self._at < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._late()
            try:
                self.stream.settimeout(left)
                data = self.stream.recv(_CHUNK)
            except TimeoutError:
                raise self._late() from None
            except (OSError, EOFError) as error:
                raise self._lost(error) from None
            if not data:
                raise self._lost(ConnectionError("the server closed it"))
            self._in += data

    def _late(self) -> SourceError:
        return SourceError("TIMEOUT", f"no answer within {self.timeout_s:g} s", where=self.where, transient=True)

    def _lost(self, error: Exception) -> SourceError:
        return SourceError("IO_ERROR", f"connection lost: {error}", where=self.where, transient=True)


def below(root: bytes, path: bytes) -> bytes:
    """The remote path of what lies at ``path`` beneath ``root``, without doubled or closing '/'."""
    path = path.rstrip(b"/")
    if not path:
        return root
    return root + path if root.endswith(b"/") else root + b"/" + path
