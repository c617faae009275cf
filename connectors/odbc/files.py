"""Database files: looked at before a driver may, and opened so that nothing is made or changed beside them."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import quote

from scanner.model import SourceError


def checked(path: str) -> Path:
    """The file itself, past any link; it is there, regular and readable, so that no driver makes or waits for it.

    Raises:
        SourceError: NOT_FOUND or DENIED.
    """
    try:
        file = Path(path).resolve(strict=True)
        if not stat.S_ISREG(file.stat().st_mode):
            raise SourceError("NOT_FOUND", "not a regular file", where=path)
        with file.open("rb"):
            return file
    except OSError as error:
        code = "DENIED" if isinstance(error, PermissionError) else "NOT_FOUND"
        raise SourceError(code, f"no database file there: {error.strerror}", where=path) from None
    except ValueError as error:
        raise SourceError("NOT_FOUND", f"no file can be called that: {error}", where=path) from None


def sqlite_uri(file: Path, form: str) -> tuple[str, str]:
    """How SQLite is told to open a file, and what is left unread by that; ``""`` for nothing.

    A writer's log (``-wal``) is part of the content, and is read where its index is there already; else ``immutable``
    keeps SQLite from making one, and from taking locks. A journal that waits to be rolled back stays as it is.
    """
    log, shared, journal = (Path(f"{file}{suffix}") for suffix in ("-wal", "-shm", "-journal"))
    mode, unread = "mode=ro&immutable=1", ""
    if _holds_something(log) and shared.exists():
        mode = "mode=ro"
    elif _holds_something(log):
        unread = f"{log.name} holds changes that were not read: reading it would make a file beside it"
    elif _holds_something(journal):
        unread = f"{journal.name} holds what an unfinished change overwrote: what was read may be half of that change"
    return form.format(path=quote(str(file)), mode=mode), unread


def _holds_something(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except OSError:
        return False
