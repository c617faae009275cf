"""Accounts and groups of this machine: names for numbers, and who belongs to which group."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable
from itertools import islice

from scanner.model import Batch, Columns
from scanner.paths import canonical
from scanner.schema import MEMBER

MOST = 100_000
"""Accounts or groups after which a directory service that names everybody is not listened to any longer."""


class Names(dict[int, str]):
    """Names of accounts by number, asked for once each; '#N' where there is none."""

    def __init__(self, look_up: Callable[[int], str]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, number: int) -> str:
        try:
            name = canonical(os.fsencode(self._look_up(number)))
        except (KeyError, OSError):  # OSError: a directory service that does not answer
            name = f"#{number}"
        self[number] = name
        return name


def user_names() -> Names:
    """Users by their number."""
    return Names(lambda number: pwd.getpwuid(number).pw_name)


def group_names() -> Names:
    """Groups by their number."""
    return Names(lambda number: grp.getgrgid(number).gr_name)


def members() -> Batch:
    """Who belongs to which group, as far as the account database lists them: by the group, or as the first group."""
    rows = Columns(MEMBER, ("path", "group", "member", "member_kind"))
    named = {group.gr_gid: group for group in islice(grp.getgrall(), MOST)}
    pairs = {(group.gr_name, member) for group in named.values() for member in group.gr_mem}
    pairs |= {(named[u.pw_gid].gr_name, u.pw_name) for u in islice(pwd.getpwall(), MOST) if u.pw_gid in named}
    for group, member in sorted(pairs):
        rows.add("", canonical(os.fsencode(group)), canonical(os.fsencode(member)), "user")
    return rows.take()
