"""A misbehaving SFTP server: a real SSH login in front of whatever a script claims to hold.

For whoever writes or changes an SFTP connector. A script is a subclass of ``Script``; those here misbehave in one way
each::

    with sftp_double(Endless) as server:
        crawl(server.host, server.port)
    assert server.logins == ["password"]
"""

# ruff: noqa: ARG002 - each override answers in its own way, most of them whatever they are asked

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import weakref
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import asyncssh

HOST = "127.0.0.1"
USER = "clerk"
PASSWORD = "d0uble/Pw+2!"
ANSWER = 128
"""Names that asyncssh puts into one answer."""
FILE, DIRECTORY, LINK = 0o100644, 0o040755, 0o120777
_START_S = 10.0


@dataclass(frozen=True, slots=True)
class Name:
    """One name as it goes out; a value of None is left out of its attributes."""

    name: bytes
    mode: int | None = FILE
    size: int | None = 1
    modified: int | None = 1_420_167_845
    long: bytes = b"-"
    owner: tuple[int, int] | None = (1000, 1000)

    def attributes(self) -> Any:
        """What of it goes out as attributes."""
        uid, gid = self.owner or (None, None)
        return asyncssh.SFTPAttrs(
            size=self.size, uid=uid, gid=gid, permissions=self.mode, atime=self.modified, mtime=self.modified
        )


class Script:
    """An empty directory at ``/``, well-behaved; override what is to go wrong."""

    handles = 1000

    def names(self, path: bytes) -> Iterator[Name]:
        """What a directory claims to hold. Raise an ``asyncssh.SFTPError`` to refuse."""
        yield from ()

    def facts(self, path: bytes) -> Name:
        """What is said of one path when asked for it alone."""
        if path.rstrip(b"/") in (b"", b"/."):
            return Name(b"/", DIRECTORY)
        raise asyncssh.SFTPNoSuchFile("no such file")

    def resolved(self, path: bytes) -> bytes:
        """The canonical form of a path."""
        return b"/" if path == b"." else path

    def target(self, path: bytes) -> bytes:
        """Where a link points."""
        raise asyncssh.SFTPNoSuchFile("no such link")

    def room(self, path: bytes) -> Any:
        """The file system at a path, as ``asyncssh.SFTPVFSAttrs``; it is offered, but not told."""
        raise asyncssh.SFTPOpUnsupported("operation unsupported")


class Endless(Script):
    """A directory that never ends: every answer holds new names."""

    def names(self, path: bytes) -> Iterator[Name]:
        """Numbers, without end."""
        return (Name(b"%d" % n) for n in count())


class Repeating(Script):
    """A directory that gives the same names again and again."""

    def names(self, path: bytes) -> Iterator[Name]:
        """As many names as one answer holds, for ever."""
        return (Name(b"%d" % (n % ANSWER)) for n in count())


class Twice(Script):
    """A directory that ends, after giving two of its names twice."""

    def names(self, path: bytes) -> Iterator[Name]:
        """Four names, two of them twice."""
        return map(Name, (b"a", b"b", b"a", b"c", b"b", b"d"))


class Bare(Script):
    """A server that lists names without attributes, and tells some of them when asked: ``told``, by path."""

    told: dict[bytes, Name] = {  # noqa: RUF012 - a table, never changed
        b"/file": Name(b"file", size=7),
        b"/directory": Name(b"directory", DIRECTORY),
        b"/directory/inside": Name(b"inside", size=9),
        b"/link": Name(b"link", LINK),
        b"/mute": Name(b"mute", None, None, None, owner=None),
    }

    def names(self, path: bytes) -> Iterator[Name]:
        """All those told beneath the directory, and one that is gone when asked for."""
        base = path.rstrip(b"/") + b"/"
        held = [p for p in self.told if p.startswith(base) and b"/" not in p[len(base) :]]
        for each in held + ([b"/gone"] if base == b"/" else []):
            yield Name(each.rpartition(b"/")[2], None, None, None, owner=None)

    def facts(self, path: bytes) -> Name:
        """What is told."""
        return self.told[path] if path in self.told else super().facts(path)

    def target(self, path: bytes) -> bytes:
        """Where the link points, with a byte that is not UTF-8."""
        return b"caf\xe9"


class Illegal(Script):
    """Names that cannot be names, types that are no types, sizes and times beyond what can be kept."""

    def names(self, path: bytes) -> Iterator[Name]:
        """One of each."""
        yield Name(b"../escape")
        yield Name(b"")
        yield Name(b"nul\0l")
        yield Name(b"typeless", 0o644)
        yield Name(b"nonsense", 0o170000)
        yield Name(b"huge", size=(1 << 64) - 1)
        yield Name(b"late", modified=(1 << 32) - 1)
        yield Name(b"more bits", 0xFFF0_0000 | FILE)
        yield Name(b"fine", size=3)

    def facts(self, path: bytes) -> Name:
        """The same as in the listing."""
        held = {b"/" + n.name: n for n in self.names(b"/") if n.name}
        return held[path] if path in held else super().facts(path)


class FewHandles(Script):
    """A server on which three directories may be open at once; what is beyond that fails, without saying why."""

    directories = 40
    handles = 3

    def names(self, path: bytes) -> Iterator[Name]:
        """Directories with one file each."""
        if path == b"/":
            yield from (Name(b"%d" % n, DIRECTORY) for n in range(self.directories))
        else:
            yield Name(b"file")


class SelfSimilar(Script):
    """A tree in which every directory holds one like itself: what a server shows that follows a link to its own place.

    ``honest`` servers resolve the path to where the link leads.
    """

    honest = True

    def names(self, path: bytes) -> Iterator[Name]:
        """A file, and a directory that leads back."""
        yield Name(b"file")
        yield Name(b"loop", DIRECTORY)

    def resolved(self, path: bytes) -> bytes:
        """The root, if honest."""
        return b"/" if self.honest else super().resolved(path)


class Abyss(SelfSimilar):
    """The same, without saying so."""

    honest = False


class Terse(Bare):
    """The same, from a server that knows none of the requests that could tell more."""

    def names(self, path: bytes) -> Iterator[Name]:
        """The same, where the login starts."""
        return super().names(b"/" if path == b"." else path)

    def facts(self, path: bytes) -> Name:
        """Never heard of it."""
        raise asyncssh.SFTPOpUnsupported("operation unsupported")

    def resolved(self, path: bytes) -> bytes:
        """Never heard of it."""
        raise asyncssh.SFTPOpUnsupported("operation unsupported")


class Anonymous(Script):
    """A server that gives modes, but no owners."""

    def names(self, path: bytes) -> Iterator[Name]:
        """A folder of the same mode as the root, with a file that others may write."""
        if path == b"/":
            yield Name(b"folder", DIRECTORY, owner=None)
        elif path == b"/folder":
            yield Name(b"open", 0o100666, owner=None)

    def facts(self, path: bytes) -> Name:
        """The root, and the folder."""
        if path.rstrip(b"/") in (b"", b"/folder"):
            return Name(b"/", DIRECTORY, owner=None)
        return super().facts(path)


class Crowded(Script):
    """A host with folders beside the home ``/export/home/clerk``, on every level; one level may not be looked into."""

    held: dict[bytes, tuple[bytes, ...]] = {  # noqa: RUF012 - a table, never changed
        b"/": (b"export", b"data", b"etc", b"caf\xe9"),
        b"/export/home": (b"clerk", b"other"),
        b"/export/home/clerk": (b"inbox",),
    }

    def names(self, path: bytes) -> Iterator[Name]:
        """The folders of a level, and what is none: a file, a link, names that cannot be names."""
        if path == b"/export":
            raise asyncssh.SFTPPermissionDenied("permission denied")
        yield from (Name(name, DIRECTORY) for name in self.held.get(path, ()))
        yield from (Name(b"file"), Name(b"link", LINK), Name(b"a/b", DIRECTORY), Name(b".", DIRECTORY))

    def facts(self, path: bytes) -> Name:
        """Folders, all of them."""
        return Name(path, DIRECTORY)

    def resolved(self, path: bytes) -> bytes:
        """A relative path starts in the home."""
        home = b"/export/home/clerk"
        return home if path == b"." else path if path.startswith(b"/") else home + b"/" + path


class Endlessly(Crowded):
    """The same host with a top level that never ends."""

    def names(self, path: bytes) -> Iterator[Name]:
        """Numbers at the top, without end."""
        return (Name(b"%d" % n, DIRECTORY) for n in count()) if path == b"/" else super().names(path)


@dataclass(slots=True)
class SftpDouble:
    """A running double: where it listens, its host key's fingerprint, and how it was logged in to."""

    host: str
    port: int
    fingerprint: str
    user: str = USER
    logins: list[str] = field(default_factory=list)
    """Methods tried, in order."""
    answers: list[str] = field(default_factory=list)
    """What was answered to a question; nothing ever should be."""


@contextlib.contextmanager
def sftp_double(
    script: type[Script] | None = Script, *, login: str = "password", farewell: str | None = None
) -> Iterator[SftpDouble]:
    """Serve a script on a free port of loopback until the block ends; without one, a host that offers no SFTP.

    ``login``: ``password`` takes it; ``questions`` asks for it instead; ``expired`` takes it and demands a new one.
    With a ``farewell``, what should be SFTP is a program that writes that beside the channel and ends.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sftp double")
    thread.start()
    try:
        key = asyncssh.generate_private_key("ssh-ed25519")
        double = SftpDouble(HOST, 0, key.get_fingerprint())
        serving = asyncio.run_coroutine_threadsafe(_serve(script, login, key, double, farewell), loop)
        server = serving.result(_START_S)
        try:
            yield double
        finally:
            asyncio.run_coroutine_threadsafe(_end(server), loop).result(_START_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_START_S)
        loop.close()


@contextlib.contextmanager
def tarpit(piece: bytes) -> Iterator[int]:
    """Listen on a port of loopback for one who says a piece again and again, and never more; gives the port.

    Nothing at all, a byte that trickles, lines without end, a banner of megabytes.
    """
    ended = threading.Event()
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(_START_S)

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    while not ended.wait(0.02):
                        connection.sendall(piece)

        thread = threading.Thread(target=serve, name="tarpit")
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            ended.set()
            thread.join()


async def _serve(script: type[Script] | None, login: str, key: Any, double: SftpDouble, farewell: str | None) -> Any:
    def serve(channel: Any) -> Any:
        if farewell is not None:
            channel.write(farewell.encode(), asyncssh.EXTENDED_DATA_STDERR)
            channel.exit(1)
            return asyncssh.SFTPServer(channel)
        assert script is not None
        return _Served(channel, script())

    server = await asyncssh.create_server(
        lambda: _Login(login, double),
        HOST,
        0,
        server_host_keys=[key],
        sftp_factory=None if script is None else serve,
        process_factory=lambda process: process.exit(1),
        sftp_version=3,
    )
    double.port = server.get_port()
    return server


async def _end(server: Any) -> None:
    server.close()
    await server.wait_closed()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Login(asyncssh.SSHServer):
    def __init__(self, login: str, double: SftpDouble) -> None:
        self._login = login
        self._double = double

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return self._login != "questions"

    def kbdint_auth_supported(self) -> bool:
        return self._login == "questions"

    def validate_password(self, username: str, password: str) -> bool:
        self._double.logins.append("password")
        if password != PASSWORD:
            return False
        if self._login == "expired":
            raise asyncssh.PasswordChangeRequired("it has expired; choose a new one")
        return True

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        self._double.logins.append("questions")
        return ("", "", "", [("Password: ", False)])

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        self._double.answers.extend(responses)
        return True


class _Served(asyncssh.SFTPServer):
    """asyncssh's server with a script behind it; a script's refusal goes out as the status it names."""

    def __init__(self, channel: Any, script: Script) -> None:
        super().__init__(channel)
        self._script = script
        self._listings: weakref.WeakSet[Any] = weakref.WeakSet()  # those that some handle leads to

    def scandir(self, path: bytes) -> AsyncIterator[Any]:
        if len(self._listings) >= self._script.handles:
            raise asyncssh.SFTPFailure("failure")
        listing = self._listing(path)
        self._listings.add(listing)
        return listing

    async def _listing(self, path: bytes) -> AsyncIterator[Any]:
        for name in self._script.names(path):
            yield asyncssh.SFTPName(name.name, name.long, name.attributes())

    def lstat(self, path: bytes) -> Any:
        return self._script.facts(path).attributes()

    stat = lstat

    def realpath(self, path: bytes) -> bytes:
        return self._script.resolved(path)

    def readlink(self, path: bytes) -> bytes:
        return self._script.target(path)

    def statvfs(self, path: bytes) -> Any:
        return self._script.room(path)
