"""Which containers the estate file leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase


def excluded(key: str, patterns: Sequence[str]) -> bool:
    """Whether a container's path (with its closing '/') matches a pattern of the estate file."""
    return any(fnmatchcase(key, p) or fnmatchcase("/" + key, p) for p in patterns)
