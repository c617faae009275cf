"""Chains of requests: several in one message, many messages under way on one connection.

A folder opened, listed to its end and let go is one chain and one round trip. The driver makes the connection, logs in,
and keeps the keys and the count of credits; here its headers are packed by ``struct``, since its own field objects cost
more for each request than a server takes to answer it. Rules are those of [MS-SMB2] 3.2.4.1.2 to 3.2.4.1.4, and no
answer beside them is let pass: what is not an answer to a request under way ends the connection.
"""

from __future__ import annotations

import queue
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from smbprotocol.exceptions import SMBConnectionClosed, SMBException

from connectors.smb.status import BROKEN, PENDING
from connectors.smb.wire import PAYLOAD, Message

FIRST, MOST = 4, 64
"""Chains under way at once: at the beginning and at least, and at most."""
ENOUGH = 8
"""Chains that wait at the server, by what latencies tell: fewer, and more are sent; twice as many, and less are."""
SPARE = 4
"""Credits left over for single requests in between."""
_WANTED = 1024
"""Credits asked for: 64 chains of five parts, and room for long answers."""
_STEP = 32
"""Credits asked for at once besides those spent."""

_HEADER = struct.Struct("<4sHHIHHIIQIIQ16s")
_SMB, _ENCRYPTED = b"\xfeSMB", b"\xfdSMB"
_ANSWER, _ASYNC, _RELATED, _SIGNED, _DFS = 0x1, 0x2, 0x4, 0x8, 0x10000000
_UNSIGNED = bytes(16)


class Astray(SMBException):  # type: ignore[misc]  # the driver is untyped
    """An answer beside the protocol: to no request, to another than it says, or in pieces that do not fit."""


class Unsigned(SMBException):  # type: ignore[misc]
    """An answer that should have been signed or encrypted was not."""


class Answer(NamedTuple):
    """The answer to one part of a chain."""

    status: int
    body: bytes


@dataclass(slots=True)
class _Chain:
    """What was sent in one message; ``answers`` has one for each part, in order, once ``left`` is 0."""

    login: Any
    encrypted: bool
    commands: tuple[int, ...]
    answers: list[Answer]
    left: int
    of: object
    sent: float = 0.0
    latency: float = 0.0


@dataclass(slots=True)
class _Pace:
    """How many chains are under way: as many as keep the server busy for the time of a round trip, and no more."""

    window: int = field(default_factory=lambda: FIRST)
    best: float = field(default=float("inf"))

    def learn(self, latency: float) -> None:
        """What the quickest took is the way there and back; chains take longer as far as they wait at the server.

        So many are to wait there that it never runs dry, even where its times vary for other reasons than ours.
        """
        self.best = min(self.best, latency)
        waiting = self.window * (1 - self.best / max(latency, 1e-9))
        if waiting < ENOUGH:
            self.window = min(MOST, self.window + 1)
        elif waiting > 2 * ENOUGH:
            self.window = max(FIRST, self.window - 1)


class Chains:
    """The chains of one connection. All but ``take`` and ``end`` belong to the thread of the connector."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self._parts: dict[int, tuple[_Chain, int]] = {}
        self._answered: queue.SimpleQueue[_Chain | None] = queue.SimpleQueue()
        self._pace = _Pace()
        self.under_way = 0

    # ── credits ──

    def credits(self) -> int:
        """How many requests the server would take now, before it has answered any."""
        with self._wire.sequence_lock:
            return int(self._wire.sequence_window["high"] - self._wire.sequence_window["low"])

    def wanted(self, charge: int = 1) -> int:
        """Credits to ask for with a request that costs so many."""
        return charge + (_STEP if self.credits() < _WANTED else 0)

    def room(self, parts: int) -> int:
        """Bytes to ask for in one answer of a chain, so that as many chains as there may be can have as much."""
        if not self._wire.supports_multi_credit:
            return PAYLOAD
        each = self.credits() // max(1, self._pace.window - self.under_way) - parts
        most = 256 // self._pace.window
        return min(PAYLOAD * max(1, min(each, most, 16)), int(self._wire.max_transact_size))

    def fits(self, messages: Sequence[Message]) -> bool:
        """Whether one more chain may be sent now: within the window, and within what the server has granted."""
        return self.under_way < self._pace.window and self.credits() >= sum(map(self._charge, messages)) + SPARE

    def _charge(self, message: Message) -> int:
        return 1 + max(0, message.expected - 1) // PAYLOAD if self._wire.supports_multi_credit else 1

    # ── sending ──

    def send(self, messages: Sequence[Message], login: Any, tree: Any, of: object) -> None:
        """Send a chain in which each part concerns what the first has opened; ``of`` comes back with the answers."""
        wire = self._wire
        wire.pace()
        encrypted = bool(login.encrypt_data or tree.encrypt_data)
        charges = [self._charge(message) for message in messages]
        more = self.wanted(charges[0])
        with wire.sequence_lock:
            first = int(wire.sequence_window["low"])
            wire.sequence_window["low"] += sum(charges)
        commands = tuple(message.COMMAND for message in messages)
        chain = _Chain(login, encrypted, commands, [Answer(PENDING, b"")] * len(messages), len(messages), of)
        flags = _DFS if tree.is_dfs_share else 0
        sign = login.signing_key and not encrypted
        packed, number = bytearray(), first
        for at, (message, charge) in enumerate(zip(messages, charges, strict=True)):
            body = message.pack()
            last = at == len(messages) - 1
            padding = 0 if last else -len(body) % 8  # each begins at a multiple of eight
            part = (
                _HEADER.pack(
                    _SMB, 64, charge if wire.supports_multi_credit else 0, 0, message.COMMAND, charge if at else more,
                    flags | (_RELATED if at else 0) | (_SIGNED if sign else 0),
                    0 if last else 64 + len(body) + padding, number, 0, tree.tree_connect_id, login.session_id,
                    _UNSIGNED,
                )
                + body
                + bytes(padding)
            )  # fmt: skip
            if sign:
                part = part[:48] + wire.signature(part, login) + part[64:]
            self._parts[number] = chain, at
            packed += part
            number += charge
        data = bytes(packed)
        wire.check()
        self.under_way += 1
        chain.sent = time.monotonic()
        wire.transport.send(wire.encrypted(data, login) if encrypted else data)

    # ── receiving ──

    def answered(self) -> tuple[Any, list[Answer]] | None:
        """Wait for a chain that is answered: what it is of, and an answer for each part; None where none is under way.

        Raises:
            TimeoutError: when none is answered within the deadline.
        """
        if not self.under_way:
            return None
        try:
            chain = self._answered.get(timeout=self._wire.limit_s)
        except queue.Empty:
            raise TimeoutError(f"no answer within {self._wire.limit_s:g} s") from None
        if chain is None:
            self._answered.put(None)
            self._wire.check()
            raise SMBConnectionClosed("the connection was closed")
        self.under_way -= 1
        self._pace.learn(chain.latency)
        return chain.of, chain.answers

    def end(self) -> None:
        """Nothing more will come; called by the thread that reads, at its end."""
        self._answered.put(None)

    def take(self, frame: bytes) -> bool:
        """Keep what a frame answers to chains; False where it answers other requests. For the thread that reads."""
        encrypted = frame[:4] == _ENCRYPTED
        if not self._parts:
            return False
        if encrypted:
            frame = self._wire.decrypted(frame)
        if len(frame) < _HEADER.size or int.from_bytes(frame[24:32], "little") not in self._parts:
            return False
        step = 1
        while step:
            if len(frame) < _HEADER.size:
                raise Astray("an answer is cut off")
            step = int.from_bytes(frame[20:24], "little")
            if step and (step < _HEADER.size or step % 8 or step > len(frame)):
                raise Astray("the parts of an answer do not fit each other")
            self._take(frame[:step] if step else frame, encrypted=encrypted)
            frame = frame[step:]
        return True

    def _take(self, part: bytes, *, encrypted: bool) -> None:
        smb, size, _, status, command, credits_, flags, _, number, _, _, _, signature = _HEADER.unpack_from(part)
        if number not in self._parts:
            raise Astray(f"an answer to no request (message {number})")
        chain, at = self._parts[number]
        is_answer = flags & _ANSWER and (status != PENDING or flags & _ASYNC)
        if smb != _SMB or size != _HEADER.size or not is_answer or command != chain.commands[at]:
            raise Astray(f"an answer to another request than was made (message {number}, command {command})")
        if not encrypted and status != PENDING:
            self._verify(part, chain, status, flags, signature)
        with self._wire.sequence_lock:
            self._wire.sequence_window["high"] += credits_
        if status == PENDING:  # no answer yet; it does not lengthen the deadline
            return
        del self._parts[number]
        chain.answers[at] = Answer(status, part[_HEADER.size :])
        chain.left -= 1
        if not chain.left:
            chain.latency = time.monotonic() - chain.sent
            self._answered.put(chain)

    def _verify(self, part: bytes, chain: _Chain, status: int, flags: int, signature: bytes) -> None:
        """Refuse what is not signed, or not encrypted, as it was agreed on."""
        if status not in BROKEN:  # then the server has no key left
            if chain.encrypted:
                raise Unsigned("an answer was not encrypted")
            if chain.login.signing_key and not flags & _SIGNED:
                raise Unsigned("an answer was not signed")
        if flags & _SIGNED and signature != self._wire.signature(part, chain.login):
            raise Unsigned("the signature of an answer is wrong")
