"""Whether a directory that was found earlier still is one, or a link has taken its place since."""

from __future__ import annotations

from connectors.sftp import wire as w
from connectors.sftp.entries import kind
from scanner.paths import canonical


def led_astray(wire: w.Wire, root: bytes, path: bytes) -> str | None:
    """Where a directory beneath the root leads now, if a link stands in its place or above it; else None.

    Version 3 cannot open a directory without following links. Servers may also spell a path in their own way when they
    resolve it, so only a link that is really there counts. ``path`` ends in '/'.
    """
    resolved = _resolved(wire, w.below(root, path))
    if resolved is None or resolved == w.below(root, path):
        return None
    parts = path.rstrip(b"/").split(b"/")
    for depth in range(1, len(parts) + 1):
        reply = wire.call(w.LSTAT, w.string(w.below(root, b"/".join(parts[:depth]))))
        if reply.kind == w.ATTRS and _is_link(reply.body):
            return canonical(resolved)
    return None


def _resolved(wire: w.Wire, remote: bytes) -> bytes | None:
    reply = wire.call(w.REALPATH, w.string(remote))
    found, _ = w.names(reply.body) if reply.kind == w.NAME else ([], False)
    return found[0][0].rstrip(b"/") or b"/" if found else None


def _is_link(body: bytes) -> bool:
    try:
        return kind(w.facts(body)[0][3]) == "link"
    except w.Malformed:
        return False
