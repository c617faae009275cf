"""The driver's connection, made strict."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from smbprotocol.connection import Connection, SMB2TransformHeader
from smbprotocol.exceptions import SMBConnectionClosed, SMBException, SMBResponseException
from smbprotocol.header import Commands, Smb2Flags
from smbprotocol.transport import Tcp

from connectors.smb import listing
from connectors.smb.chains import Chains, Unsigned
from connectors.smb.status import BROKEN, PENDING
from scanner.model import SourceError

# The driver reports a dying connection to stderr when nobody listens, and writes login tokens at DEBUG.
for _name in ("smbprotocol", "spnego"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).setLevel(logging.CRITICAL)

_LONGEST_FRAME = 2 << 20  # answers of 1 MiB at most are asked for (link.room)
_GUEST = 0x3  # SMB2_SESSION_FLAG_IS_GUEST, _IS_NULL


class _Frames(Tcp):  # type: ignore[misc]  # the driver is untyped
    """The driver's transport with a cap: by itself it sets aside whatever length a server announces, up to 4 GiB.

    Frames that answer chains are not for the driver.
    """

    def __init__(self, given: Any, take: Callable[[bytes], bool]) -> None:
        super().__init__(given.server, given.port, given.timeout)
        self._take = take

    def send(self, header: Any) -> None:
        """Send one frame; the driver packs each through an object with fields, for its length alone."""
        packed = header if isinstance(header, bytes) else header.pack()
        with self._sock_lock:
            self._sock.sendall(len(packed).to_bytes(4, "big") + packed)

    def recv(self, timeout: float) -> Any:
        """The next frame for the driver; none when the connection has ended."""
        while (frame := super().recv(timeout)) and self._take(frame):
            pass
        return frame

    def _recv(self, length: int, timeout: float) -> Any:
        if length > _LONGEST_FRAME:
            raise SMBException(f"the server announced a frame of {length} bytes")
        return super()._recv(length, timeout)


class StrictConnection(Connection):  # type: ignore[misc]
    """The driver's connection with what it leaves out: pacing, a deadline on every answer, and strict signing.

    By itself it accepts answers without a signature, follows symbolic links, and waits for ever.
    """

    def __init__(self, host: str, port: int, pace: Callable[[], None], limit_s: float) -> None:
        super().__init__(uuid.uuid4(), host, port, require_signing=True)
        self.pace = pace
        self.limit_s = limit_s
        self.chains = Chains(self)
        self._until = 0.0
        self.tree_answer = b""
        """The last answer to TREE_CONNECT: the driver keeps only a part of it."""
        self.clock_ahead_s: float | None = None
        """Seconds the server's clock is ahead of ours; None where it does not tell its time."""

    @property
    def transport(self) -> Any:
        """The driver's transport; whatever it sets up is replaced by a capped one."""
        return self._transport

    @transport.setter
    def transport(self, given: Any) -> None:
        self._transport = None if given is None else _Frames(given, self.chains.take)

    @property
    def is_alive(self) -> bool:
        """Whether the socket is open, and the thread that reads from it runs."""
        reader = self._t_worker
        return self.transport is not None and self.transport.connected and reader is not None and reader.is_alive()

    def send(self, message: Any, *args: Any, **options: Any) -> Any:
        """Send one request when its turn has come."""
        if threading.current_thread() is not self._t_worker:  # the driver's own keep-alive is not a request of ours
            self.pace()
        self._until = time.monotonic() + self.limit_s
        return super().send(message, *args, **options)

    def _process_message_thread(self) -> None:
        """The driver's thread that reads; whoever waits for chains is told of its end."""
        try:
            super()._process_message_thread()
        finally:
            self.chains.end()

    def check(self) -> None:
        """Raise what ended the connection, if anything has."""
        self._check_worker_running()

    def signature(self, part: bytes, login: Any) -> bytes:
        """What a request or an answer is to be signed with, its header included."""
        number, is_answer = int.from_bytes(part[24:32], "little"), bool(part[16] & Smb2Flags.SMB2_FLAGS_SERVER_TO_REDIR)
        command = int.from_bytes(part[12:14], "little")
        return bytes(self._generate_signature(part, login.signing_key, number, is_answer, command))

    def encrypted(self, data: bytes, login: Any) -> bytes:
        """A message in the form in which it travels where all is encrypted."""
        return bytes(self._encrypt(data, login).pack())

    def decrypted(self, frame: bytes) -> bytes:
        """What an encrypted frame holds."""
        header = SMB2TransformHeader()
        header.unpack(frame)
        return bytes(self._decrypt(header))

    def receive(self, request: Any, wait: bool = True, timeout: float | None = None, **_: Any) -> Any:
        """Wait for its answer, until the deadline; a symbolic link in the way is an error."""
        try:
            answer = super().receive(
                request, wait=wait, timeout=min(timeout or self.limit_s, self.limit_s), resolve_symlinks=False
            )
        except (SMBResponseException, SMBConnectionClosed):
            raise
        except SMBException:
            if request.response_event.is_set():
                raise
            raise TimeoutError(f"no answer within {self.limit_s:g} s") from None
        command = answer["command"].get_value()
        if command == Commands.SMB2_TREE_CONNECT:
            self.tree_answer = answer["data"].get_value()
        elif command == Commands.SMB2_NEGOTIATE:
            self.clock_ahead_s = _clock_ahead_s(answer["data"].get_value())
        elif command == Commands.SMB2_SESSION_SETUP and _is_guest(answer):
            raise SourceError("AUTH_GUEST", "the server mapped the account to guest", where=self.server_name)
        return answer

    def verify_signature(self, header: Any, session_id: int, force: bool = False) -> None:
        """Called by the driver for every answer that was not encrypted."""
        if header["status"].get_value() == PENDING:
            if time.monotonic() > self._until:  # "wait a little longer", for ever
                raise TimeoutError(f"no answer within {self.limit_s:g} s")
            return
        login = self.session_table.get(session_id)
        if login is not None and not force and header["status"].get_value() not in BROKEN:
            if login.encrypt_data:
                raise Unsigned("an answer was not encrypted")
            if login.signing_key and not header["flags"].has_flag(Smb2Flags.SMB2_FLAGS_SIGNED):
                raise Unsigned("an answer was not signed")
        try:
            super().verify_signature(header, session_id, force)
        except SMBException:
            raise Unsigned("the signature of an answer is wrong") from None


def _clock_ahead_s(body: bytes) -> float | None:
    """From the server's time in an answer to NEGOTIATE ([MS-SMB2] 2.2.4)."""
    told = listing.time(int.from_bytes(body[40:48], "little")) if len(body) >= 48 else None
    return None if told is None else told / 1e6 - time.time()


def _is_guest(answer: Any) -> bool:
    body = answer["data"].get_value()
    return len(body) >= 4 and bool(int.from_bytes(body[2:4], "little") & _GUEST)
