"""Whose host key is believed: fingerprints a person gave, and OpenSSH's known_hosts.

paramiko reads known_hosts too, but passes over ``@revoked`` and patterns, so a withdrawn key would count as unknown at
best. Keys are compared as the bytes the server sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path

from scanner.model import SourceError

_CAP = 16 * 1024 * 1024


def fingerprint(blob: bytes) -> str:
    """A public key's fingerprint as ``ssh-keygen -l`` writes it.

    >>> fingerprint(b"key")
    'SHA256:LHDhK3oGRvkiefQnx7OOczTY5Tic/xZ6HcMOc/gmtoM'
    """
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one host: trusted fingerprints, revoked ones, and the key types seen in known_hosts."""

    trusted: frozenset[str] = frozenset()
    revoked: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()

    def accepts(self, blob: bytes) -> bool:
        """Whether a host key is trusted and not withdrawn."""
        print_ = fingerprint(blob)
        return print_ in self.trusted and print_ not in self.revoked

    def refusal(self, blob: bytes, where: str) -> SourceError:
        """The error for a key that is not accepted; its ``where`` is the fingerprint that was presented."""
        print_ = fingerprint(blob)
        if print_ in self.revoked:
            return SourceError("HOST_KEY_CHANGED", f"{where} presents a key that is marked as revoked", where=print_)
        if not self.trusted:
            return SourceError("HOST_KEY_UNKNOWN", f"no key of {where} is trusted yet", where=print_)
        trusted = ", ".join(sorted(self.trusted))
        return SourceError("HOST_KEY_CHANGED", f"{where} presents {print_}; trusted is {trusted}", where=print_)


def known(host: str, port: int, given: tuple[str, ...], file: Path | None, *, required: bool) -> Known:
    """What is known of a host from given fingerprints and a known_hosts file.

    Raises:
        SourceError: NOT_FOUND, when a ``required`` file cannot be read; another one is then passed over.
    """
    trusted, revoked, types = {g.rstrip("=") for g in given}, set(), []
    for marker, kind, blob in _lines(host, port, file, required=required):
        if marker == "@revoked":
            revoked.add(fingerprint(blob))
        elif not marker:  # certificate authorities vouch for certificates, which are not asked for
            trusted.add(fingerprint(blob))
            types.append(kind)
    return Known(frozenset(trusted), frozenset(revoked), tuple(dict.fromkeys(types)))


def _lines(host: str, port: int, file: Path | None, *, required: bool) -> list[tuple[str, str, bytes]]:
    """Marker, key type and key of the lines that speak of a host."""
    if file is None:
        return []
    try:
        with file.expanduser().open("rb") as handle:
            content = handle.read(_CAP).decode("utf-8", "replace")
    except (OSError, RuntimeError) as error:  # RuntimeError: an account without a home
        if not required:
            return []
        raise SourceError("NOT_FOUND", f"known_hosts: {error}", where=str(file)) from None
    name = (host if port == 22 else f"[{host}]:{port}").lower()
    found = []
    for line in content.splitlines():
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or not _speaks_of(fields[0], name):
            continue
        try:
            found.append((marker, fields[1], base64.b64decode(fields[2], validate=True)))
        except binascii.Error:
            continue
    return found


def _speaks_of(names: str, name: str) -> bool:
    """Whether the first field of a line covers a host: names, patterns, exceptions, or one hashed name."""
    if names.startswith("|1|"):
        try:
            salt, digest = (base64.b64decode(part, validate=True) for part in names[3:].split("|"))
        except ValueError:
            return False
        # The digest is OpenSSH's; it hides names, it proves nothing.
        return hmac.compare_digest(hmac.new(salt, name.encode(), hashlib.sha1).digest(), digest)
    covered = False
    for pattern in names.lower().split(","):
        translated = re.escape(pattern.removeprefix("!")).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(translated, name):
            if pattern.startswith("!"):
                return False
            covered = True
    return covered
