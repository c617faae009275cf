"""What the suites measure with: schema and name checks, open handles, captured output, forms of a secret."""

from __future__ import annotations

import base64
import gc
import io
import logging
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

from scanner.codes import CODES
from scanner.model import OPS, Batch, Fault
from scanner.paths import canonical, restore, split
from scanner.schema import GRANTEE_KINDS, KINDS, ORIGINS, RIGHTS, SCHEMAS, SEEN_REASONS, Column
from scanner.testing.crawling import Record, rows

SIZELESS = frozenset({"directory", "link", "bucket", "database", "schema"})
"""Kinds whose size is unknown by definition: what they hold is counted where it is."""

VOCABULARIES: Mapping[str, Mapping[str, Collection[str]]] = {
    "grant": {
        "right": RIGHTS,
        "grantee_kind": GRANTEE_KINDS,
        "effect": ("allow", "deny"),
        "origin": ORIGINS,
        "scope": ("this", "beneath", "both"),
    },
    "seen": {"reason": SEEN_REASONS},
    "member": {"member_kind": ("user", "group", "role")},
}
"""Columns that take declared words only."""

_ESCAPES = re.compile(r"\\\\|\\x2F")
_INT64 = range(-(1 << 63), 1 << 63)


def batch_flaws(batch: Batch) -> Iterator[str]:
    """What of a batch does not fit its declared schema."""
    schema = batch.schema
    if SCHEMAS.get(schema.name) != schema:
        yield f"{schema.name} is not one of the declared schemas"
        return
    unknown = set(batch.columns) - set(schema.names)
    missing = set(schema.required) - set(batch.columns)
    if unknown or missing:
        yield f"{schema.name}: unknown columns {sorted(unknown)}, missing columns {sorted(missing)}"
    if len({len(column) for column in batch.columns.values()}) > 1:
        yield f"{schema.name}: columns differ in length"
        return
    declared = {column.name: column for column in schema.columns}
    for record in rows(batch):
        for name, value in record.items():
            if name in declared and not _fits(declared[name], value):
                yield f"{schema.name}.{name}: {value!r} is no {declared[name].type}"
        if schema.name == "entry":
            yield from _entry_flaws(record)
        for name, known in VOCABULARIES.get(schema.name, {}).items():
            if record.get(name) is not None and record[name] not in known:
                yield f"{schema.name}.{name}: {record[name]!r} is none of: {', '.join(known)}"


def _fits(column: Column, value: object) -> bool:
    if value is None:
        return not column.required
    if column.type == "text":
        return _is_text(value)
    if column.type == "texts":
        return isinstance(value, list | tuple) and all(_is_text(v) for v in value)
    if column.type == "bool":
        return isinstance(value, bool)
    if column.type == "real":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, int) and not isinstance(value, bool) and value in _INT64


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate: Parquet would lose the whole batch over it
        return False
    return True


def _entry_flaws(record: Record) -> Iterator[str]:
    path = f"{record['parent']}{record['name']}"
    if split(path) != (record["parent"], record["name"]):
        yield f"{path!r}: a parent ends in '/' or is '', and a name has no '/'"
    if record["kind"] not in KINDS:
        yield f"{path!r}: {record['kind']!r} is no declared kind"
    size = record.get("size")
    if size is not None and (record["kind"] in SIZELESS or (isinstance(size, int) and size < 0)):
        yield f"{path!r}: a {record['kind']} of size {size}"
    if record.get("tier") not in (None, "online", "nearline", "offline"):
        yield f"{path!r}: {record['tier']!r} is no tier"
    if record.get("hardlink") is not None and record.get("links") == 1:
        yield f"{path!r}: a hard link identity for a content with one name"


def fault_flaws(fault: Fault) -> Iterator[str]:
    """What of a fault is not as declared."""
    if fault.op not in OPS:
        yield f"{fault}: no such op"
    if fault.reason not in CODES:
        yield f"{fault}: no such code"
    if not is_canonical(fault.path):
        yield f"{fault}: its path is not canonical"
    if fault.op == "list" and fault.path and not fault.path.endswith("/"):
        yield f"{fault}: what could not be listed is named like a listing, with its closing '/'"
    if not _is_text(fault.detail):
        yield f"{fault}: its detail cannot be written as UTF-8"


def is_canonical(text: str) -> bool:
    """Whether a path is written as ``scanner.paths`` writes it, so that equal names are equal texts."""
    plain = _ESCAPES.sub(lambda m: "/" if m[0] == "\\x2F" else m[0], text)
    return _is_text(plain) and canonical(restore(plain)) == plain


def handles() -> Counter[str]:
    """What this process holds open right now: file descriptors by what they lead to, and threads."""
    gc.collect()
    found: Counter[str] = Counter()
    for number in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the descriptor of this very listing is gone again
            found[str(number.readlink())] += 1
    for thread in threading.enumerate():
        found[_named(thread)] += 1
    return Counter({name: count for name, count in found.items() if name != f"/proc/{os.getpid()}/fd"})


PATIENCE_S = 5.0
"""How long threads that are about to end are waited for, all together."""


def settle(before: Counter[str]) -> Counter[str]:
    """What is open now and was not before, after threads that are about to end have had the time to."""
    deadline = time.monotonic() + PATIENCE_S
    for thread in threading.enumerate():
        if _named(thread) not in before:
            thread.join(max(0.0, deadline - time.monotonic()))
    return handles() - before


def _named(thread: threading.Thread) -> str:
    return f"thread {thread.name} ({thread.ident})"


@contextmanager
def overheard() -> Iterator[io.StringIO]:
    """Everything that is logged, at any level and by any logger, or printed meanwhile."""
    heard = io.StringIO()
    handler = logging.StreamHandler(heard)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with redirect_stdout(heard), redirect_stderr(heard):
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def leaked(secrets: Iterable[str], *texts: str) -> list[str]:
    """Which secrets stand in the texts, in any form they travel in: plain, URL-quoted, base64, as a literal."""
    found = []
    for secret in secrets:
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), encoded, repr(secret)[1:-1]}
        found += [secret for text in texts if any(form in text for form in forms)]
    return found
