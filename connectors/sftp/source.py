"""One open SFTP source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from connectors.sftp import content
from connectors.sftp import wire as w
from connectors.sftp.about import about
from connectors.sftp.beside import beside
from connectors.sftp.crawl import Crawl
from connectors.sftp.extended import names_accounts
from connectors.sftp.grants import Grants
from connectors.sftp.options import Options, Root
from scanner.connector import Session, missing_driver
from scanner.model import Event, Fault, SourceError, Unit
from scanner.paths import canonical, restore

if TYPE_CHECKING:
    from connectors.sftp.ssh import Link

_EXPIRED = re.compile(r"password\b.*\b(expired|change)", re.IGNORECASE | re.DOTALL)
"""How servers put it when a login was taken, and nothing more before its password is changed."""


class Source:
    """An SFTP source; connects when it is first used, and again after a connection was lost."""

    def __init__(self, options: Options, session: Session) -> None:
        self._options = options
        self._session = session
        self._link: Link | None = None
        self._wire: w.Wire | None = None
        self._root = b""
        self._greeting: tuple[int, tuple[str, ...]] = (0, ())
        self._resolves = False

    def roots(self) -> Iterable[Unit]:
        """Connect, and see that the root is a directory.

        Raises:
            SourceError: ROOT_MISSING, and whatever connecting raises.
        """
        wire = self._connected()
        try:
            reply = wire.call(w.STAT, w.string(self._root))  # follows links: a person named this path
            code, said = reply.status()
            mode = w.facts(reply.body)[0][3] if reply.kind == w.ATTRS else None
        except w.Malformed:
            code, said, mode = w.OK, "", None  # listing it will show
        except BaseException:
            self.close()
            raise
        if code == w.NO_SUCH_FILE or (mode is not None and mode >> 12 & 0o17 != 0o04):
            raise SourceError("ROOT_MISSING", said or "not a directory", where=canonical(self._root))
        return (Unit(""),)

    def crawl(self, unit: Unit) -> Iterator[Event]:
        """List a directory and what fits into the unit of its descendants."""
        wire = self._connected()
        whole = False
        try:
            if unit == Unit(""):
                yield from self._told(wire)
            grants = Grants(self._resolves)
            crawl = Crawl(wire, self._root, self._session.within, grants, snapshots=self._options.snapshots)
            yield from crawl.run(unit)
            whole = True
        finally:
            if not whole:  # answers may still be on their way: the next unit must not meet them
                self.close()

    def read(self, path: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes of a regular file from ``start``."""
        wire = self._connected()
        whole = False
        try:
            data = content.read(wire, w.below(self._root, restore(path)), path, start, length)
            whole = True
        except SourceError as error:
            whole = error.where == path  # a refusal of the server's; the connection is in order
            raise
        finally:
            if not whole:
                self.close()
        return data

    def close(self) -> None:
        """End the connection; may be called twice."""
        link, self._link, self._wire = self._link, None, None
        if link is not None:
            link.close()

    def _connected(self) -> w.Wire:
        if self._wire is not None:
            return self._wire
        try:
            from connectors.sftp import ssh  # noqa: PLC0415 - paramiko is an optional driver, and slow to import
        except ImportError as error:
            raise missing_driver("sftp", "sftp", error) from None
        options = self._options
        self._link = ssh.connect(options, self._session)
        wire = w.Wire(self._link.channel, self._session.pace, self._session.timeout_s, options.where)
        try:
            self._greeting = self._greeted(wire)
            self._resolves = names_accounts(wire, self._greeting[1])
            path = restore(options.path)
            self._root = _resolved(wire, path) or path.rstrip(b"/") or b"/"
        except BaseException:  # whatever it was, no connection is left behind
            self.close()
            raise
        self._wire = wire
        return wire

    def _greeted(self, wire: w.Wire) -> tuple[int, tuple[str, ...]]:
        """The server's greeting; whatever else comes while the connection stands is not SFTP."""
        assert self._link is not None
        try:
            return wire.greet()
        except SourceError as error:
            unread = wire.unread()
            said = self._link.complaint(unread)
            # A host may say its words and hang up at once; half a packet, which holds zeros, is a line that broke.
            spoken = bool(said) and b"\0" not in unread
            if error.code == "TIMEOUT" or not (spoken or self._link.transport.is_active()):
                raise
            if _EXPIRED.search(said):
                who = f"{self._options.user}@{self._options.where}"
                raise SourceError("AUTH_INTERACTIVE", f"the server wants a new password: {said}", where=who) from None
            status = self._link.ended_with()
            detail = f"the account starts no SFTP server: {said or error.detail}; {_causes(status, spoken=bool(said))}"
            raise SourceError("UNSUPPORTED_PROTOCOL", detail, where=error.where) from None

    def _told(self, wire: w.Wire) -> Iterator[Event]:
        """What the host says of itself and holds besides, and a warning where an outdated algorithm was agreed on."""
        assert self._link is not None
        root = Root(self._options, self._root, _resolved(wire, b"."))
        yield about(self._link, wire, self._greeting, root)
        if self._options.discover:
            yield from beside(wire, root)
        if self._link.weak:
            detail = f"{self._options.where} uses {', '.join(self._link.weak)}, allowed by legacy_algorithms"
            yield Fault("", "note", "WEAK_SSH", detail)


def _causes(status: int | None, *, spoken: bool) -> str:
    """What a program in the place of SFTP may have been, by the status it ended with and whether it wrote anything.

    OpenSSH throws away the words that would tell an expired password, and ends with 1 then; only a command run in the
    account, which might be anything on a host where none has expired, would bring them back.
    """
    if status in (126, 127):  # what a shell ends with that finds no such program, or may not run it
        return f"its shell ended with status {status}: the SFTP program that the host names cannot be run"
    other = "a forced command, or a shell that writes or refuses,"
    if status is None and not spoken:
        return f"{other} or a password that has expired does that"
    if status == 1 and not spoken:
        return f"it ended with status 1, as OpenSSH does where a password has expired; {other} may do so as well"
    return f"{other} does that" if status is None else f"it ended with status {status}: {other} does that"


def _resolved(wire: w.Wire, path: bytes) -> bytes | None:
    """A path as the server resolves it; None where the server cannot."""
    reply = wire.call(w.REALPATH, w.string(path))
    found, _ = w.names(reply.body) if reply.kind == w.NAME else ([], False)
    return (found[0][0].rstrip(b"/") or b"/") if found and found[0][0] else None
