"""What crosses the border to a child process: framed messages, rows in Arrow's own form, everything else as JSON.

Nothing that arrives is trusted: a frame has a greatest length, a kind that is known, and content of the declared shape.
"""

from __future__ import annotations

import json
import os
import select
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from datetime import time as day_time
from decimal import Decimal
from typing import Any

import pyarrow as pa

from scanner.keys.sketches import KEPT, Sketch
from scanner.model import Batch, Fault, SourceError, Unit
from scanner.schema import SCHEMAS, Schema

HEAD = struct.Struct("!cI")
LARGEST = 256 << 20
LARGEST_PLAIN = 64 << 20
"""Bytes of the largest frame of rows, and of plain values, which grow in memory; a longer one is garbage."""
SLICE = 50_000
"""Rows of a batch that travel together."""
KINDS = frozenset({b"O", b"R", b"B", b"U", b"F", b"P", b"S", b"W", b"H", b"K", b"E", b"X", b"T", b"G", b"M"})
"""What a frame may be. To the child: order, reply. From it: batch, units, faults; pace, slow, within, host keys trusted
(calls); known secret; end, source error, stopped, bug, memory (how an order ended)."""
ARROW: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "int": pa.int64(),
    "real": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.int64(),
}
"""The Arrow type of each declared type."""


class Garbage(Exception):  # noqa: N818 - reads as what it says
    """A message that is none."""


class Silent(Exception):  # noqa: N818 - reads as what it says
    """Nothing came within the time given."""


class Gone(Exception):  # noqa: N818 - reads as what it says
    """The other side has ended."""


def send(sock: socket.socket, kind: bytes, payload: bytes | memoryview | pa.Buffer = b"") -> None:
    """Send one frame. Raises Gone."""
    body = memoryview(payload)
    try:
        if len(body) < 65536:
            sock.sendall(HEAD.pack(kind, len(body)) + body)
        else:
            sock.sendall(HEAD.pack(kind, len(body)))
            sock.sendall(body)
    except OSError as error:
        raise Gone(str(error)) from None


def send_json(sock: socket.socket, kind: bytes, value: object) -> None:
    """Send one frame of plain values. Raises Gone."""
    send(sock, kind, json.dumps(value).encode())


class Reader:
    """Frames as they come in; ``noise`` is a second descriptor whose last bytes are kept meanwhile, or -1."""

    NOISE = 4000
    PIECES = 16
    """Pieces of noise taken at a time, lest a child that never stops printing holds the reader."""

    def __init__(self, sock: socket.socket, noise: int = -1) -> None:
        self._sock = sock
        self._noise = noise
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        if noise >= 0:
            self._poll.register(noise, select.POLLIN)
        self._head = bytearray()
        self._body: bytearray | None = None
        self._filled = 0
        self.said = bytearray()

    def read(self, timeout_s: float | None = None) -> tuple[bytes, memoryview]:
        """The next frame; what has come of it stays where it is when the time is over. Raises Silent, Gone, Garbage."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if self._body is not None and self._whole:
                kind, body = bytes(self._head[:1]), self._body
                self._head, self._body, self._filled = bytearray(), None, 0
                return kind, memoryview(body)
            self._wait(until)
            try:
                self._take()
            except OSError as error:
                raise Gone(str(error)) from None
            if until is not None and time.monotonic() > until and not self._whole:
                raise Silent  # it trickles, or is long

    @property
    def _whole(self) -> bool:
        return self._body is not None and self._filled == len(self._body)

    def _wait(self, until: float | None) -> None:
        """Wait for a piece of a frame; a child that prints without end does not prolong that."""
        while until is not None:
            left = until - time.monotonic()
            ready = dict(self._poll.poll(max(0, round(left * 1000))))
            if self._noise in ready:
                self.listen()
            if self._sock.fileno() in ready:
                return
            if left <= 0:
                raise Silent

    def listen(self) -> None:
        """Keep the end of what the child printed so far."""
        for _ in range(self.PIECES):
            if self._noise < 0:
                return
            try:
                piece = os.read(self._noise, 65536)
            except BlockingIOError:
                return
            except OSError:
                piece = b""
            if not piece:
                self._poll.unregister(self._noise)
                self._noise = -1
            self.said = (self.said + piece)[-self.NOISE :]

    def _take(self) -> None:
        if self._body is None:
            piece = self._sock.recv(HEAD.size - len(self._head))
            if not piece:
                raise Gone("closed")
            self._head += piece
            if len(self._head) == HEAD.size:
                kind, length = HEAD.unpack(self._head)
                if kind not in KINDS or length > (LARGEST if kind == b"B" else LARGEST_PLAIN):
                    raise Garbage(f"no frame begins with {bytes(self._head)!r}")
                self._body = bytearray(length)
        else:
            got = self._sock.recv_into(memoryview(self._body)[self._filled :])
            if not got:
                raise Gone("closed")
            self._filled += got


def plain(body: memoryview) -> Any:
    """The JSON value of a frame. Raises Garbage."""
    try:
        return json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise Garbage("not JSON") from None


# events


def pack(batch: Batch) -> list[pa.Buffer]:
    """A batch as frames' bodies. Raises ValueError or TypeError where a value does not fit its declared column."""
    schema = batch.schema
    if SCHEMAS.get(schema.name) is not schema:
        raise ValueError(f"{schema.name!r} is no declared schema")
    undeclared = batch.columns.keys() - set(schema.names)
    missing = set(schema.required) - batch.columns.keys()
    lengths = {len(values) for values in batch.columns.values()}
    if undeclared or missing or len(lengths) > 1:
        raise ValueError(
            f"{schema.name}: lengths {sorted(lengths)}, undeclared {sorted(undeclared)}, missing {sorted(missing)}"
        )
    types = {c.name: ARROW[c.type] for c in schema.columns}
    try:
        arrays = [_array(values, types[name]) for name, values in batch.columns.items()]
    except (ValueError, TypeError, OverflowError) as error:  # pyarrow's own errors are among them
        raise ValueError(f"{schema.name}: {error}") from None
    whole = pa.record_batch(arrays, names=list(batch.columns))
    bodies = []
    for start in range(0, whole.num_rows, SLICE):
        sink = pa.BufferOutputStream()
        name = schema.name.encode()
        sink.write(bytes([len(name)]) + name)
        with pa.ipc.new_stream(sink, whole.schema) as stream:
            stream.write_batch(whole.slice(start, SLICE))
        bodies.append(sink.getvalue())
    return bodies


def _array(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.cast(kind)
    return pa.array(values, kind)


def unpack(body: memoryview) -> Batch:
    """The batch of a frame, its columns Arrow arrays of the declared types. Raises Garbage."""
    try:
        length = body[0]
        schema: Schema = SCHEMAS[bytes(body[1 : 1 + length]).decode()]
        with pa.ipc.open_stream(pa.py_buffer(body[1 + length :])) as stream:
            batch = stream.read_next_batch()
        batch.validate(full=True)
    except (IndexError, KeyError, UnicodeDecodeError, StopIteration, pa.ArrowException, OSError) as error:
        raise Garbage(f"no batch: {type(error).__name__}") from None
    types = {c.name: ARROW[c.type] for c in schema.columns}
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    if len(columns) != batch.num_columns or any(types.get(n) != a.type for n, a in columns.items()):
        raise Garbage(f"{schema.name}: columns of other names or types than declared")
    for name in schema.required:
        if name not in columns or columns[name].null_count:
            raise Garbage(f"{schema.name}.{name} is missing where it is required")
    return Batch(schema, columns)


def units(value: Any) -> list[Unit]:
    """Units of a frame. Raises Garbage."""
    return [Unit(*_texts(row, 2)) for row in _rows(value)]


def faults(value: Any) -> list[Fault]:
    """Faults of a frame. Raises Garbage."""
    return [Fault(*_texts(row, 4)) for row in _rows(value)]


def error_of(value: Any) -> SourceError:
    """The SourceError of a frame. Raises Garbage."""
    if not isinstance(value, list) or len(value) != 4 or not isinstance(value[3], bool):
        raise Garbage("no error")
    code, detail, where = _texts(value[:3], 3)
    return SourceError(code, detail, where=where, transient=value[3])


def seconds(value: Any, count: int) -> list[float]:
    """So many spans of time. Raises Garbage."""
    if not isinstance(value, list) or len(value) != count:
        raise Garbage("no times")
    if not all(isinstance(v, int | float) and 0 <= v < 1e9 for v in value):
        raise Garbage("no times")
    return [float(v) for v in value]


def error_row(error: SourceError) -> list[object]:
    """A SourceError as plain values."""
    return [str(error.code), str(error.detail), str(error.where), bool(error.transient)]


def _rows(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Garbage("no list")
    return value


def _texts(row: Any, count: int) -> list[str]:
    if not isinstance(row, list) or len(row) != count or not all(isinstance(v, str) for v in row):
        raise Garbage("no row of texts")
    return row


# sketches


def packed_sketches(found: Sequence[tuple[str, Sketch | None]]) -> list[object]:
    """Sketches of a table's columns as plain values."""
    return [
        [name, None if s is None else [s.rows, s.nulls, s.distinct, list(s.hashes), s.complete, s.dense]]
        for name, s in found
    ]


def sketches(value: Any) -> list[tuple[str, Sketch | None]]:
    """The sketches again. Raises Garbage."""
    found: list[tuple[str, Sketch | None]] = []
    for row in _rows(value):
        if not isinstance(row, list) or len(row) != 2 or not isinstance(row[0], str):
            raise Garbage("no sketch")
        found.append((row[0], None if row[1] is None else _sketch(row[1])))
    return found


def _sketch(value: Any) -> Sketch:
    if not isinstance(value, list) or len(value) != 6:
        raise Garbage("no sketch")
    rows, nulls, distinct, hashes, complete, dense = value
    if {type(complete), type(dense)} != {bool}:
        raise Garbage("no sketch")
    if not all(type(n) is int and 0 <= n < 1 << 63 for n in (rows, nulls, distinct)):
        raise Garbage("no counts of a sketch")
    if (
        not isinstance(hashes, list)
        or len(hashes) > KEPT
        or not all(type(h) is int and 0 <= h < 1 << 64 for h in hashes)
    ):
        raise Garbage("no hashes of a sketch")
    return Sketch(rows, nulls, distinct, tuple(hashes), complete, dense)


# values of a sample

_TYPED: Mapping[str, Any] = {
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": day_time.fromisoformat,
    "bytes": bytes.fromhex,
}


def packed_value(value: object) -> object:
    """One value of a sampled row as JSON; a type of the driver's own becomes its text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, datetime | date | day_time):
        kind = next(k for k in (datetime, date, day_time) if isinstance(value, k))
        return {kind.__name__: value.isoformat()}
    return {"Decimal": str(value)} if isinstance(value, Decimal) else str(value)


def unpacked_value(value: Any) -> object:
    """The value again. Raises Garbage."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict) and len(value) == 1:
        kind, text = next(iter(value.items()))
        if kind in _TYPED and isinstance(text, str):
            try:
                return _TYPED[kind](text)
            except (ValueError, ArithmeticError):
                raise Garbage(f"no {kind}") from None
    raise Garbage("no value of a sample")
