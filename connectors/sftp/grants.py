"""Who may do what: modes as rights, told where they differ from what the folder above says."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.sftp.wire import Facts
from scanner.model import Batch
from scanner.schema import GRANT

UNKNOWN: Facts = (None, None, None, None, None)
"""The facts of a place of which nothing is known."""
Who = tuple[str | None, str | None]
"""Owner and group as the server names them; '#N' for a number without a name, None where it does not say."""

_WORDS = {
    True: ((4, ("read", "list")), (2, ("write",)), (1, ("execute",))),
    False: ((4, ("read",)), (2, ("write",)), (1, ("execute",))),
}
_ALL, _READ_WRITE = 0o777, 0o666
_REMEMBERED = 10_000
"""Different rights that are remembered at once, each with the rows it comes to."""
_COLUMNS = ("path", "grantee", "grantee_kind", "right", "effect", "origin", "grantee_id", "native", "scope")
_Row = tuple[str, str, str, str, str, str | None, str, str]


@dataclass(slots=True)
class Grants:
    """Rights on their way into a batch.

    ``resolved`` says whether the server names accounts at all, so that a number it leaves standing is nobody's.
    """

    resolved: bool
    _known: dict[object, tuple[_Row, ...]] = field(default_factory=dict)
    _paths: list[str] = field(default_factory=list)
    _rows: list[_Row] = field(default_factory=list)

    def __len__(self) -> int:
        """Rows waiting."""
        return len(self._rows)

    def take(self) -> Batch:
        """What was added since the last time; there must be something."""
        columns = [self._paths, *map(list, zip(*self._rows, strict=True))]
        self._paths, self._rows = [], []
        return Batch(GRANT, dict(zip(_COLUMNS, columns, strict=True)))

    def add(self, path: str, kind: str | None, facts: Facts, who: Who, above: Facts) -> None:
        """Tell the rights at a path, if the server says them and the folder ``above`` does not say the same."""
        _, uid, gid, mode, _ = facts
        if mode is None or kind in (None, "link"):  # a link has no rights of its own
            return
        directory = kind == "directory"
        # What a folder's rights say of a file is whether it may be read and written; passing through is no such thing.
        mask = _ALL if directory else _READ_WRITE
        if above[3] is not None and (uid, gid) == above[1:3] and not (mode ^ above[3]) & mask:
            return
        known = self._known.get(key := (uid, gid, mode & _ALL, directory, who))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[key] = tuple(self._told(facts, who, directory=directory))
        self._paths += [path] * len(known)
        self._rows += known

    def _told(self, facts: Facts, who: Who, *, directory: bool) -> Iterator[_Row]:
        _, uid, gid, mode, _ = facts
        assert mode is not None
        scope = "both" if directory else "this"
        user, of_user, user_id = self._holder("user", uid, who[0])
        group, of_group, group_id = self._holder("group", gid, who[1])
        if uid is not None:
            yield user, of_user, "owner", "allow", "mode", user_id, "owner", scope
        classes = (
            (user, of_user, user_id, "user", mode >> 6),
            (group, of_group, group_id, "group", mode >> 3),
            ("others", "everyone", None, "other", mode),
        )
        for name, kind, number, word, bits in classes:
            native = f"{word}::{stat.filemode(stat.S_IFREG | bits & 7)[-3:]}"
            # The group has what is said of it and no more, even where all others have: that is a denial.
            refused = mode & ~bits & 7 if word == "group" else 0
            for effect, left in (("allow", bits), ("deny", refused)):
                for right in (right for bit, rights in _WORDS[directory] if left & bit for right in rights):
                    yield name, kind, right, effect, "mode", number, native, scope

    def _holder(self, kind: str, number: int | None, name: str | None) -> tuple[str, str, str | None]:
        """Name, kind and lasting identity of an owner or group; without a number it is known to be one, and no more."""
        if number is None:
            return f"the {'owner' if kind == 'user' else 'group'}", "unknown", None
        identity = f"#{number}"
        if name is None or name == identity:
            return identity, "unknown" if self.resolved and name else kind, identity
        return name, kind, identity
