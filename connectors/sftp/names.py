"""Telling new names from repeated ones, so that a listing that never ends is noticed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from connectors.sftp.wire import Found

KEPT = 1_000_000
"""Names kept to recognise repetition, over all open directories of a connection."""
LONGEST = 100_000_000
"""Names after which a directory counts as endless."""
STALE = 3
"""Answers in a row without a new name after which a directory counts as stuck."""
_DOTS = (b".", b"..")


@dataclass(slots=True)
class Kept:
    """How many names all open directories hold together."""

    count: int = 0


@dataclass(slots=True)
class Names:
    """The names of one open directory.

    Each name is compared with those before it while ``kept`` has room; after that whole answers are compared, so that
    memory stays bounded in a directory of any length.
    """

    kept: Kept
    seen: set[bytes] = field(default_factory=set)
    answers: set[bytes] | None = None
    repeated: list[bytes] = field(default_factory=list)
    stale: int = 0
    dots: bool = False
    itself: bytes = b""
    """The server's line of the directory itself, as far as it gives one."""

    def fresh(self, found: list[Found], body: bytes) -> list[Found]:
        """What an answer holds that is new; '.' and '..' are dropped, other repetition is kept in ``repeated``."""
        if self.answers is None and self.kept.count >= KEPT:
            self.answers = set()
        fresh = self._by_name(found) if self.answers is None else self._by_answer(found, body)
        self.stale = 0 if fresh else self.stale + 1
        return fresh

    def _by_name(self, found: list[Found]) -> list[Found]:
        seen, fresh = self.seen, []
        for each in found:
            name = each[0]
            if name in seen:
                self.repeated.append(name)
            elif name in _DOTS:
                self.dots = True
                if name == b".":
                    self.itself = each[1]
            else:
                seen.add(name)
                fresh.append(each)
        self.kept.count += len(fresh)
        return fresh

    def _by_answer(self, found: list[Found], body: bytes) -> list[Found]:
        assert self.answers is not None
        digest = hashlib.blake2b(body, digest_size=8).digest()
        if digest in self.answers:
            return []
        self.answers.add(digest)
        fresh = []
        for each in found:
            if each[0] in self.seen:
                self.repeated.append(each[0])
            elif each[0] not in _DOTS:
                fresh.append(each)
        return fresh

    def take_repeated(self) -> list[bytes]:
        """The repeated names so far, once."""
        repeated, self.repeated = self.repeated, []
        return repeated

    def forget(self) -> None:
        """Let go of the names; the directory has come to its end."""
        self.kept.count -= len(self.seen)
        self.seen, self.answers = set(), None
