"""Secrets by reference, and the scrubber that keeps their values out of every sink."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, quote_plus

from pydantic import AfterValidator, GetCoreSchemaHandler
from pydantic_core import core_schema

from scanner.model import SourceError

_SCHEMES = ("env:", "file:", "keyring:")
_known: set[str] = set()
_longest_first: tuple[str, ...] = ()
_lock = threading.Lock()
_listeners: list[Callable[[str], None]] = []


class SecretRef:
    """A reference to a secret: ``env:NAME``, ``file:PATH`` or ``keyring:SERVICE/USER``; never the value."""

    __slots__ = ("reference",)

    def __init__(self, reference: str) -> None:
        self.reference = reference

    def __repr__(self) -> str:
        return f"SecretRef({self.reference!r})"

    def __str__(self) -> str:
        return self.reference

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretRef) and other.reference == self.reference

    def __hash__(self) -> int:
        return hash(self.reference)

    def reveal(self) -> str:
        """The secret itself, resolved where it is needed and known to the scrubber from then on.

        Raises:
            SourceError: SECRET_MISSING, when the reference leads nowhere; the message names the reference only.
        """
        scheme, _, rest = self.reference.partition(":")
        value = {"env": _from_env, "file": _from_file, "keyring": _from_keyring}[scheme](rest)
        remember(value)
        return value

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def _validate(cls, value: object) -> SecretRef:
        if isinstance(value, SecretRef):
            return value
        if not isinstance(value, str) or not value.startswith(_SCHEMES):
            # The value itself may be a password: it is never repeated.
            raise ValueError(
                "SECRET_LITERAL: give secrets by reference only: env:NAME, file:PATH or keyring:SERVICE/USER"
            )
        return cls(value)


def _from_env(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SourceError("SECRET_MISSING", f"the environment variable {name} is not set", where=f"env:{name}")
    return value


def _from_file(path: str) -> str:
    try:
        # Without O_NONBLOCK a named pipe nobody writes to would hold the scan for ever.
        with open(Path(path).expanduser(), "rb", opener=_at_once) as handle:
            mode = os.fstat(handle.fileno()).st_mode
            text = handle.read(65536).decode().rstrip("\r\n")
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: no text, or no path; RuntimeError: no home
        raise SourceError("SECRET_MISSING", type(error).__name__, where=f"file:{path}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and os.name == "posix":
        raise SourceError(
            "SECRET_EXPOSED",
            f"others on this machine may read it (mode {stat.S_IMODE(mode):04o}); chmod 600 it",
            where=f"file:{path}",
        )
    if not text:
        raise SourceError("SECRET_MISSING", "the file is empty", where=f"file:{path}")
    return text


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _from_keyring(rest: str) -> str:
    try:
        import keyring  # noqa: PLC0415 - optional extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as error:
        raise SourceError("DRIVER_MISSING", f"{error}; install it with: pip install 'stocktake[keyring]'") from None
    service, _, user = rest.rpartition("/")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise SourceError("SECRET_MISSING", type(error).__name__, where=f"keyring:{rest}") from None
    if not value:
        raise SourceError("SECRET_MISSING", "the keyring has no such entry", where=f"keyring:{rest}")
    return str(value)


def remember(value: str) -> None:
    """Make a secret known to ``scrub``, in every form it could leak in: quoted, escaped, and as base64 within more."""
    global _longest_first  # noqa: PLW0603 - the one register of the process
    if len(value) < 4:  # shorter ones would blank out ordinary text; they are refused nowhere, only not scrubbed
        return
    with _lock:
        new = value not in _known
        if new:
            _known.update(_forms(value))
            _longest_first = tuple(sorted(_known, key=len, reverse=True))
    for listener in _listeners if new else ():
        listener(value)


def listen(listener: Callable[[str], None]) -> None:
    """Be told each secret that becomes known: a child process tells its parent, whose sinks must know it as well."""
    _listeners.append(listener)


def forget() -> None:
    """Forget every secret, for tests that follow one another in a process."""
    global _longest_first  # noqa: PLW0603
    with _lock:
        _known.clear()
        _longest_first = ()


def _forms(value: str) -> Iterator[str]:
    raw = value.encode("utf-8", "surrogateescape")
    yield value
    for safe in ("/", ""):
        yield quote(raw, safe=safe)
        yield re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), quote(raw, safe=safe))
    yield quote_plus(raw)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield html.escape(value)
    # "user:password" in one base64 text, as HTTP's basic login has it: where the secret begins shifts its letters, and
    # the letters at both ends also hold bits of its neighbours.
    for shift in range(3):
        start, cut = (0, 2, 3)[shift], -(-len(raw) - shift) % 3
        text = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")[start : -1 if cut else None]
        if len(text) >= 5:
            yield text
            yield text.replace("+", "-").replace("/", "_")
            yield quote(text, safe="")
    yield raw.hex()


def scrub(text: str) -> str:
    """The text with every known secret replaced by ``***``; used on every sink."""
    for secret in _longest_first:
        if secret in text:
            text = text.replace(secret, "***")
    return text


def scrub_all(value: Any) -> Any:
    """The same for every text within lists and mappings; whatever else there is stays as it is."""
    if not _longest_first:
        return value
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {scrub_all(k): scrub_all(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [scrub_all(v) for v in value]
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Name = Annotated[str, AfterValidator(_not_blank)]
"""A text option that must not be blank."""
