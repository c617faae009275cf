"""Secrets by reference, and the scrubber that keeps their values out of every sink."""

from __future__ import annotations

import base64
import os
import stat
import threading
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, GetCoreSchemaHandler
from pydantic_core import core_schema

from scanner.model import SourceError

_SCHEMES = ("env:", "file:", "keyring:")
_known: set[str] = set()
_lock = threading.Lock()


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
        with Path(path).expanduser().open("rb") as handle:
            mode = os.fstat(handle.fileno()).st_mode
            text = handle.read(65536).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError("SECRET_MISSING", type(error).__name__, where=f"file:{path}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO) and os.name == "posix":
        raise SourceError(
            "SECRET_EXPOSED",
            f"others on this machine may read it (mode {stat.S_IMODE(mode):04o}); chmod 600 it",
            where=f"file:{path}",
        )
    return text


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
    """Make a secret known to ``scrub``, in the forms it could leak in: plain, URL-quoted and base64."""
    if len(value) < 4:  # shorter ones would blank out ordinary text; they are refused nowhere, only not scrubbed
        return
    raw = value.encode("utf-8", "surrogateescape")
    forms = {value, quote(value, safe=""), quote(value), base64.b64encode(raw).decode().rstrip("=")}
    with _lock:
        _known.update(forms)


def scrub(text: str) -> str:
    """The text with every known secret replaced by ``***``; used on every sink."""
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, "***")
    return text


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Name = Annotated[str, AfterValidator(_not_blank)]
"""A text option that must not be blank."""
