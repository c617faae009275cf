"""One authenticated connection to one SMB host, through smbprotocol."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from smbprotocol.exceptions import SMBConnectionClosed, SMBResponseException
from smbprotocol.session import Session as Login
from smbprotocol.tree import TreeConnect

from connectors.smb import dfs, facts, wire
from connectors.smb.chains import Answer, Astray, Unsigned
from connectors.smb.handle import Handle
from connectors.smb.status import BUFFER_OVERFLOW, NOTHING_MORE, OF_A_FOLDER, code_of, said
from connectors.smb.strict import StrictConnection
from scanner.model import SourceError, Stopped

_MOST_CREDITS = 16  # a page of 1 MiB at most: some 8,000 names
_GOODBYE_S = 2.0
_CLOSED = "the server closed the connection"
_DIALECTS = b"".join(b"\x02" + name + b"\x00" for name in (b"NT LM 0.12", b"SMB 2.002", b"SMB 2.???"))
_SMB1_HELLO = b"\xffSMB\x72" + bytes(4) + b"\x18\x01\xc8" + bytes(21) + struct.pack("<H", len(_DIALECTS)) + _DIALECTS

T = TypeVar("T")


class Link:
    """An authenticated connection to one host, and the shares connected through it.

    Every method raises SourceError with a code of the registry, and nothing else of its own.
    """

    def __init__(self, host: str, port: int, pace: Callable[[], None], limit_s: float) -> None:
        self.host = host
        self._where = f"{host}:{port}"
        self._wire = StrictConnection(host, port, pace, limit_s)
        self._login: Any = None
        self._is_silent = False
        self._trees: dict[str, Any] = {}
        self._connected: dict[str, tuple[int, int, int]] = {}

    @property
    def is_alive(self) -> bool:
        """Whether requests can still be made: neither side has hung up, and no answer was beyond understanding."""
        return self._wire.is_alive

    # ── connecting ──

    def connect(self, min_dialect: str, *, encrypt: bool) -> None:
        """Reach the host and agree on a dialect; no credential is sent."""
        wire_ = self._wire
        try:
            with self._answers(self._where):
                wire_.connect(timeout=wire_.limit_s)
        except SourceError as error:
            if error.detail == _CLOSED and self._speaks_smb1_only():
                raise SourceError("UNSUPPORTED_PROTOCOL", "the server speaks SMB 1 only", where=self._where) from None
            raise
        if wire_.dialect < facts.DIALECTS[min_dialect]:
            detail = f"the server offers SMB {facts.dialect(wire_.dialect)}, min_dialect is {min_dialect}"
            raise SourceError("UNSUPPORTED_PROTOCOL", detail, where=self._where)
        if encrypt and not wire_.supports_encryption:
            raise SourceError("SIGNING_REFUSED", "the server does not encrypt", where=self._where)

    def log_in(self, user: str, password: str, *, encrypt: bool, known_good: bool) -> None:
        """One attempt by NTLM, never as guest.

        A broken attempt is worth another only where this very credential has been accepted before; else the server may
        have counted it as a wrong password already.
        """
        who = f"{user} at {self._where}"
        login = Login(self._wire, user, password, require_encryption=encrypt, auth_protocol="ntlm")
        try:
            with self._answers(who):
                login.connect()
        except SourceError as error:
            code = error.code
            if code in {"DENIED", "NOT_FOUND", "OTHER", "VANISHED"}:
                code = "AUTH_REFUSED"
            raise SourceError(code, error.detail, where=who, transient=error.transient and known_good) from None
        finally:
            login.password = None
        self._login = login

    def _speaks_smb1_only(self) -> bool:
        """Whether the server, offered SMB 1 and 2 in the old greeting, takes SMB 1: no broken connection, an old host.

        One that knows SMB 2 answers with it, whatever became of the connection before.
        """
        self._wire.pace()
        try:
            with socket.create_connection((self.host, self._wire.port), self._wire.limit_s) as sock:
                sock.sendall(struct.pack(">I", len(_SMB1_HELLO)) + _SMB1_HELLO)
                return sock.recv(8)[4:8] == b"\xffSMB"
        except OSError:
            return False

    @contextlib.contextmanager
    def _answers(self, where: str) -> Iterator[None]:
        """Turn whatever the driver raises into a SourceError."""
        try:
            yield
        except (SourceError, Stopped):
            raise
        except SMBResponseException as error:
            status = error.status
            code, transient = code_of(status)
            raise SourceError(code, said(status), where=where, transient=transient) from None
        except SMBConnectionClosed:
            raise SourceError("UNREACHABLE", _CLOSED, where=where, transient=True) from None
        except TimeoutError as error:
            self._is_silent = True
            raise SourceError("TIMEOUT", str(error), where=where, transient=True) from None
        except Unsigned as error:
            raise SourceError("SIGNING_REFUSED", str(error), where=where) from None
        except Astray as error:
            raise SourceError("OTHER", str(error), where=where, transient=True) from None
        except Exception as error:  # noqa: BLE001 - the driver's reading thread hands over whatever stopped it
            if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
                raise SourceError("UNREACHABLE", str(error), where=where, transient=True) from None
            raise SourceError("OTHER", f"{type(error).__name__}: {error}", where=where) from None

    def close(self) -> None:
        """Log off and hang up; never waits long, never raises."""
        self._wire.pace, self._wire.limit_s = _at_once, _GOODBYE_S
        # A goodbye may fail in any way a dying connection can; what matters is that the socket is closed after it.
        if self._login is not None and self._wire.transport.connected and not self._is_silent:
            with contextlib.suppress(Exception):
                self._login.disconnect(close=False)
        if self._wire.transport is not None:
            with contextlib.suppress(Exception):
                self._wire.disconnect(close=False)

    @contextlib.contextmanager
    def unpaced(self) -> Iterator[None]:
        """Requests that only tidy up: they wait for no pace, and not long for their answer."""
        kept = self._wire.pace, self._wire.limit_s
        self._wire.pace, self._wire.limit_s = _at_once, _GOODBYE_S
        try:
            yield
        finally:
            self._wire.pace, self._wire.limit_s = kept

    def facts(self) -> dict[str, str | None]:
        """What the host says of itself and of this connection."""
        return facts.of_host(self._wire, self._login)

    # ── shares ──

    def tree(self, share: str) -> Any:
        """The share, connected on first use."""
        known = self._trees.get(share)
        if known is None:
            known = TreeConnect(self._login, f"\\\\{self.host}\\{share}")
            with self._answers(known.share_name):
                known.connect()
                self._connected[share] = wire.connected(self._wire.tree_answer)
            self._trees[share] = known
        return known

    def share_facts(self, share: str) -> dict[str, str | None]:
        """What a connected share says of itself."""
        return facts.of_share(self.tree(share), self._login, *self._connected[share])

    def hides(self, share: str) -> bool:
        """Whether the share leaves out names that the account may not open."""
        self.tree(share)
        return bool(self._connected[share][1] & facts.HIDES)

    # ── files and directories ──

    def ask(self, share: str, message: wire.Message, parse: Callable[[bytes], T], path: str = "") -> T | None:
        """What ``parse`` makes of the answer; None where there is nothing more to list or to read."""
        tree = self.tree(share)
        with self._answers("\\".join(part for part in (tree.share_name, path) if part)):
            more = self._wire.chains.wanted(1 + message.expected // wire.PAYLOAD)
            request = self._wire.send(message, self._login.session_id, tree.tree_connect_id, more)
            try:
                answer = self._wire.receive(request)
            except SMBResponseException as error:
                if message.COMMAND in {wire.QUERY_DIRECTORY, wire.READ} and error.status in NOTHING_MORE:
                    return None
                if error.status != BUFFER_OVERFLOW:  # the answer goes on: it is fetched by further reads
                    raise
                answer = error.header
            return parse(answer["data"].get_value())

    def open(self, share: str, path: str, access: int, options: int) -> Handle:
        r"""Open what exists at a path ('\' between its parts, '' for the share itself)."""
        name = self.name(share, path)
        with self._answers(path):  # a path may be longer than the protocol can say
            message = wire.create(name, access, options)
        opened = self.ask(share, message, wire.created, path)
        assert opened is not None
        return Handle(self, share, opened)

    def name(self, share: str, path: str) -> str:
        """The path as CREATE takes it."""
        # [MS-SMB2] 3.2.4.3: on a DFS share the server expects the name with host and share before it.
        return "\\".join(part for part in (self.host, share, path) if part) if self.tree(share).is_dfs_share else path

    # ── many requests under way ──

    def chain(self, share: str, messages: tuple[wire.Message, ...], of: object) -> bool:
        """Send requests as one chain; False where the server must answer others before. ``of`` says what it is of."""
        chains = self._wire.chains
        if not chains.fits(messages):
            return False
        tree = self.tree(share)
        with self._answers(tree.share_name):
            chains.send(messages, self._login, tree, of)
        return True

    def look(self, share: str, path: str, options: int) -> int | None:
        """The attributes of what is at a path, in one message; None where that was not to be had so."""
        name = self.name(share, path)
        with self._answers(path):
            messages = wire.look_at(name, options)
        if not self.is_idle or not self.chain(share, messages, None):
            return None
        found = self.answered()
        if found is None or any(answer.status for answer in found[1]):
            return None
        with self._answers(path):
            return wire.created(found[1][0].body).attributes

    def answered(self) -> tuple[Any, list[Answer]] | None:
        """Wait for one chain of those under way: what it is of, and its answers; None where there is none."""
        with self._answers(self._where):
            return self._wire.chains.answered()

    @property
    def is_idle(self) -> bool:
        """Whether no chain is under way."""
        return not self._wire.chains.under_way

    def chain_room(self, parts: int) -> int:
        """Bytes to ask for in one answer of a chain of so many parts."""
        return self._wire.chains.room(parts)

    def descriptor(self, share: str, path: str, options: int) -> bytes | SourceError:
        """Owner and access list of a path, packed, or why they were not to be had."""
        try:
            with self.open(share, path, wire.RIGHTS, options) as handle:
                return handle.descriptor()
        except SourceError as error:
            if error.code not in OF_A_FOLDER:
                raise
            return error

    def referral(self, share: str, path: str) -> tuple[str, str]:
        r"""Where a DFS link leads: ``\\host\share\path``, and what of ``path`` lies beyond the link."""
        asked = "\\" + "\\".join(part for part in (self.host, share, path) if part)
        message = wire.ioctl(wire.GET_REFERRALS, wire.NO_FILE, dfs.request(asked), wire.PAYLOAD)
        told = self.ask("IPC$", message, lambda answer: dfs.first_target(wire.output(answer)))
        assert told is not None
        consumed, target = told
        return "\\\\" + target.strip("\\"), asked[consumed:].strip("\\")

    def room(self) -> int:
        """Bytes to ask for: as many as the credits granted so far allow, within the server's own limit."""
        wire_ = self._wire
        if not wire_.supports_multi_credit:
            return wire.PAYLOAD
        most = min(int(wire_.max_transact_size), int(wire_.max_read_size))
        return min(wire.PAYLOAD * max(1, min(wire_.chains.credits(), _MOST_CREDITS)), most)


def _at_once() -> None:
    """Pace of a goodbye."""
