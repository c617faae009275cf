"""The settings of a file source, and the locators that stand for them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scanner.paths import canonical, restore
from scanner.secrets import Name


class FileOptions(BaseModel):
    """Settings of one directory tree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Name = Field(
        description="The directory to take stock of; a byte that is not UTF-8 is written \\xHH, a backslash \\\\"
    )
    cross_mounts: bool = Field(default=False, description="Go on into other file systems mounted beneath the root")
    snapshots: bool = Field(
        default=False, description="Go into .snapshot, .zfs and ~snapshot, whose content counts again with each of them"
    )
    allow_atime: bool = Field(
        default=False, description="Sample files of other owners although reading them changes their access time"
    )

    file_acls: bool = Field(
        default=False,
        description="Ask every file for an access list of its own, not only those in folders that have one; a crawl "
        "takes about twice as long",
    )

    @field_validator("root")
    @classmethod
    def _possible(cls, root: str) -> str:
        if b"\0" in restore(root):
            raise ValueError("no path holds a NUL")
        return root

    @property
    def place(self) -> bytes:
        """The root's absolute path, in bytes; '~' is the home directory."""
        return _absolute(restore(self.root))


def from_url(url: str) -> dict[str, object]:
    """Settings of a path, or of ``file:///path`` with its percent-escapes.

    Raises:
        ValueError: for a URL that names another host.
    """
    if not url.startswith("file:"):
        return {"root": canonical(_absolute(os.fsencode(url)))}
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ValueError("file: locators name a path of this machine: file:///path")
    return {"root": canonical(unquote_to_bytes(parts.path))}


def locator(options: BaseModel) -> str:
    """The root's absolute path."""
    assert isinstance(options, FileOptions)
    return canonical(options.place)


def steps(options: BaseModel) -> tuple[tuple[str, str], ...]:
    """The directories from the file system's top to the root, by device and inode, so that no second way in hides it.

    Raises:
        OSError: the root, or one above it, is not there.
    """
    assert isinstance(options, FileOptions)
    place = Path(os.fsdecode(os.path.realpath(options.place)))
    facts = ((p.stat(), canonical(os.fsencode(p.name))) for p in [*reversed(place.parents), place])
    return tuple((f"{s.st_dev}:{s.st_ino}", name) for s, name in facts)


def _absolute(place: bytes) -> bytes:
    path = Path(os.fsdecode(place))
    with contextlib.suppress(RuntimeError):  # nobody's home: it is a name like any other then
        path = path.expanduser()
    return os.fsencode(path.absolute())
