"""Bounded content of one file, with several reads under way."""

from __future__ import annotations

import stat

from connectors.sftp import wire as w
from scanner.model import SourceError

CHUNK = 32 * 1024
"""Bytes asked for at once: what every server grants (draft-ietf-secsh-filexfer-02, section 3)."""
UNDER_WAY = 32
_READ_ONLY = (1).to_bytes(4, "big")
_NO_ATTRIBUTES = bytes(4)


def read(wire: w.Wire, remote: bytes, path: str, start: int, length: int) -> bytes:
    """At most ``length`` bytes of a regular file from ``start``.

    Raises:
        SourceError: DENIED, VANISHED, LINK_NOT_FOLLOWED for a link, UNKNOWN_TYPE for whatever else is no regular file.
    """
    # A FIFO would hang the server's open: what it is must be known before, and again for what was opened.
    _regular(wire.call(w.LSTAT, w.string(remote)), path)
    opened = wire.call(w.OPEN, w.string(remote), _READ_ONLY, _NO_ATTRIBUTES)
    if opened.kind != w.HANDLE:
        raise _failed(opened, path)
    handle = _string(opened, wire)
    try:
        _regular(wire.call(w.FSTAT, w.string(handle)), path)
        content = _pieces(wire, handle, path, start, length) if length > 0 else b""
    except SourceError as error:
        if error.where == path:  # the server's refusal; after anything else nothing more can be said on this wire
            wire.call(w.CLOSE, w.string(handle))
        raise
    wire.call(w.CLOSE, w.string(handle))
    return content


def _string(reply: w.Reply, wire: w.Wire) -> bytes:
    try:
        return w.text(reply.body)[0]
    except w.Malformed as error:
        raise SourceError("OTHER", str(error), where=wire.where) from None


def _failed(reply: w.Reply, path: str) -> SourceError:
    code, said = reply.status()
    return SourceError(w.reason(code), said or f"a reply of kind {reply.kind}", where=path)


def _regular(reply: w.Reply, path: str) -> None:
    if reply.kind != w.ATTRS:
        raise _failed(reply, path)
    try:
        mode = w.facts(reply.body)[0][3]
    except w.Malformed as error:
        raise SourceError("OTHER", str(error), where=path) from None
    if mode is not None and stat.S_ISLNK(mode):
        raise SourceError("LINK_NOT_FOLLOWED", "links are never followed", where=path)
    if mode is None or not stat.S_ISREG(mode):
        raise SourceError("UNKNOWN_TYPE", "not a regular file", where=path)


def _pieces(wire: w.Wire, handle: bytes, path: str, start: int, length: int) -> bytes:
    """Ask piece by piece; a short piece is asked for again from where it ended; the end of the file ends it all."""
    content = bytearray(length)
    end = length  # how far the content is known to reach
    asked: dict[int, tuple[int, int]] = {}
    todo = [(at, min(CHUNK, length - at)) for at in range(0, length, CHUNK)][::-1]
    failure: SourceError | None = None
    while asked or (todo and failure is None):
        while todo and failure is None and len(asked) < UNDER_WAY:
            at, size = todo.pop()
            if at < end:
                where = (start + at).to_bytes(8, "big") + size.to_bytes(4, "big")
                asked[wire.ask(w.READ, w.string(handle) + where)] = (at, size)
        if not asked:
            break
        reply = wire.reply()
        if reply.number not in asked:
            raise wire.stray(reply.number)
        at, size = asked.pop(reply.number)
        if reply.kind == w.DATA:
            piece = _string(reply, wire)[:size]
            content[at : at + len(piece)] = piece
            if not piece:
                end = min(end, at)
            elif len(piece) < size:
                todo.append((at + len(piece), size - len(piece)))
        elif reply.status()[0] == w.EOF:
            end = min(end, at)
        else:
            failure = failure or _failed(reply, path)
    if failure is not None:
        raise failure
    return bytes(content[:end])
