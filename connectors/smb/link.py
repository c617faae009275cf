"""One authenticated connection to one SMB host, through smbprotocol."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from smbprotocol import Dialects
from smbprotocol.connection import Ciphers, SigningAlgorithms
from smbprotocol.exceptions import SMBConnectionClosed, SMBResponseException
from smbprotocol.session import Session as Login
from smbprotocol.tree import TreeConnect

from connectors.smb import dfs, srvsvc, wire
from connectors.smb.status import BUFFER_OVERFLOW, NOTHING_MORE, code_of, said
from connectors.smb.strict import StrictConnection, Unsigned
from scanner.model import SourceError, Stopped

DIALECTS = {
    "2.0.2": Dialects.SMB_2_0_2,
    "2.1": Dialects.SMB_2_1_0,
    "3.0": Dialects.SMB_3_0_0,
    "3.0.2": Dialects.SMB_3_0_2,
    "3.1.1": Dialects.SMB_3_1_1,
}
_SIGNING_REQUIRED = 0x2  # of the server's security mode
_MOST_CREDITS = 16  # a page of 1 MiB at most: some 8,000 names
_GOODBYE_S = 2.0
_LONGEST_CALL = 16 << 20  # 100,000 shares with long remarks
_CLOSED = "the server closed the connection"
_SMB1_HELLO = b"\xffSMB\x72" + bytes(4) + b"\x18\x01\xc8" + bytes(20) + b"\x00\x0c\x00\x02NT LM 0.12\x00"

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
        self._trees: dict[str, Any] = {}

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
            if error.detail == _CLOSED and self._speaks_smb1():
                raise SourceError("UNSUPPORTED_PROTOCOL", "the server speaks SMB 1 only", where=self._where) from None
            raise
        if wire_.dialect < DIALECTS[min_dialect]:
            detail = f"the server offers SMB {_dialect(wire_.dialect)}, min_dialect is {min_dialect}"
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

    def _speaks_smb1(self) -> bool:
        """Whether the server answers an SMB 1 greeting: it tells an old server from a broken connection."""
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
            raise SourceError("TIMEOUT", str(error), where=where, transient=True) from None
        except Unsigned as error:
            raise SourceError("SIGNING_REFUSED", str(error), where=where) from None
        except Exception as error:  # noqa: BLE001 - the driver's reading thread hands over whatever stopped it
            if isinstance(error, OSError) or isinstance(error.__cause__, OSError):
                raise SourceError("UNREACHABLE", str(error), where=where, transient=True) from None
            raise SourceError("OTHER", f"{type(error).__name__}: {error}", where=where) from None

    def close(self) -> None:
        """Log off and hang up; never waits long, never raises."""
        self._wire.pace, self._wire.limit_s = _at_once, _GOODBYE_S
        # A goodbye may fail in any way a dying connection can; what matters is that the socket is closed after it.
        if self._login is not None and self._wire.transport.connected:
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

    def facts(self) -> dict[str, str]:
        """What the host says of itself and of this connection."""
        wire_ = self._wire
        signing = SigningAlgorithms.AES_CMAC if wire_.dialect >= Dialects.SMB_3_0_0 else SigningAlgorithms.HMAC_SHA256
        algorithm = signing if wire_.signing_algorithm_id is None else wire_.signing_algorithm_id
        facts = {
            "smb.dialect": _dialect(wire_.dialect),
            "smb.signing": "required" if wire_.server_security_mode & _SIGNING_REQUIRED else "optional",
            "smb.signing_algorithm": _name(SigningAlgorithms, algorithm),
            "smb.encryption": "offered" if wire_.supports_encryption else "not offered",
            "smb.server_guid": str(wire_.server_guid),
        }
        if self._login.encrypt_data:
            facts["smb.encryption"] = "on"
        if wire_.supports_encryption:
            facts["smb.cipher"] = _name(Ciphers, wire_.cipher_id or Ciphers.AES_128_CCM)
        return facts

    # ── shares ──

    def tree(self, share: str) -> Any:
        """The share, connected on first use."""
        known = self._trees.get(share)
        if known is None:
            known = TreeConnect(self._login, f"\\\\{self.host}\\{share}")
            with self._answers(known.share_name):
                known.connect()
            self._trees[share] = known
        return known

    def share_facts(self, share: str) -> dict[str, str]:
        """What a connected share says of itself."""
        tree = self.tree(share)
        encrypted = bool(tree.encrypt_data or self._login.encrypt_data)
        return {
            "smb.share_encryption": "on" if encrypted else "off",
            "smb.dfs_root": "yes" if tree.is_dfs_share else "no",
        }

    def shares(self) -> list[srvsvc.Share]:
        """Every share the host lists."""
        with self.open("IPC$", srvsvc.PIPE, wire.PIPE, wire.NOT_DIRECTORY) as pipe:
            try:
                srvsvc.bound(pipe.call(srvsvc.bind()))
                return srvsvc.shares(pipe.call(srvsvc.enumerate_shares(self.host)))
            except (srvsvc.RpcError, ValueError) as error:
                raise SourceError("QUERY_FAILED", str(error), where=f"\\\\{self.host}") from None

    # ── files and directories ──

    def ask(self, share: str, message: wire.Message, parse: Callable[[bytes], T], path: str = "") -> T | None:
        """What ``parse`` makes of the answer; None where there is nothing more to list or to read."""
        tree = self.tree(share)
        with self._answers("\\".join(part for part in (tree.share_name, path) if part)):
            request = self._wire.send(message, self._login.session_id, tree.tree_connect_id)
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
        tree = self.tree(share)
        # [MS-SMB2] 3.2.4.3: on a DFS share the server expects the name with host and share before it.
        name = "\\".join(part for part in (self.host, share, path) if part) if tree.is_dfs_share else path
        with self._answers(path):  # a path may be longer than the protocol can say
            message = wire.create(name, access, options)
        opened = self.ask(share, message, wire.created, path)
        assert opened is not None
        return Handle(self, share, opened)

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
        with wire_.sequence_lock:
            credits_ = int(wire_.sequence_window["high"] - wire_.sequence_window["low"])
        most = min(int(wire_.max_transact_size), int(wire_.max_read_size))
        return min(wire.PAYLOAD * max(1, min(credits_, _MOST_CREDITS)), most)


class Handle:
    """An open file or directory."""

    def __init__(self, link: Link, share: str, opened: wire.Opened) -> None:
        self._link = link
        self._share = share
        self._opened = opened
        self.attributes = opened.attributes
        self.identity = (link.host, *opened.identity) if opened.identity else None
        """Host, file number and volume number; None where the server does not tell."""

    def pages(self) -> Iterator[bytes]:
        """The entries of a directory, page by page, still packed."""
        seen: set[bytes] = set()
        while True:
            page = self._link.ask(self._share, wire.query(self._opened.handle, self._link.room()), wire.page)
            if page is None:
                return
            digest = hashlib.blake2b(page, digest_size=8).digest()
            if digest in seen:
                raise SourceError("PAGING_STUCK", "the server sent the same names again")
            seen.add(digest)
            yield page

    def read(self, start: int, length: int) -> bytes:
        """At most ``length`` bytes of a file; fewer at its end."""
        parts: list[bytes] = []
        end = min(start + length, self._opened.size)
        while start < end:
            wanted = min(self._link.room(), end - start)
            part = self._link.ask(self._share, wire.read(self._opened.handle, start, wanted), wire.content)
            if not part:
                break
            parts.append(part[:wanted])
            start += len(part)
        return b"".join(parts)

    def call(self, pdu: bytes) -> bytes:
        """The whole answer of a named pipe to one message."""
        message = wire.ioctl(wire.PIPE_TRANSCEIVE, self._opened.handle, pdu, srvsvc.ROOM)
        answer = self._link.ask(self._share, message, wire.output) or b""
        while srvsvc.missing(answer):
            rest = self._link.ask(self._share, wire.read(self._opened.handle, 0, srvsvc.ROOM), wire.content)
            if not rest:
                raise srvsvc.RpcError("the share list is cut off")
            answer += rest
            if len(answer) > _LONGEST_CALL:
                raise srvsvc.RpcError("the share list does not end")
        return answer

    def close(self) -> None:
        """Let go of it; a connection that is gone has done so already."""
        with contextlib.suppress(SourceError):
            self._link.ask(self._share, wire.close(self._opened.handle), len)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:  # whoever was stopped or broken off does not wait for the pace once more
            with self._link.unpaced():
                self.close()


def _at_once() -> None:
    """Pace of a goodbye."""


def _dialect(number: int) -> str:
    return next((name for name, value in DIALECTS.items() if value == number), f"{number:#06x}")


def _name(names: Any, number: int) -> str:
    return next((name.replace("_", "-") for name, value in vars(names).items() if value == number), str(number))
