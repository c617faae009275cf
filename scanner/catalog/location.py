"""Where a catalog lives: a folder, or a database URL with a folder or a bucket for the facts."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scanner.codes import StocktakeError

DEFAULT = "stocktake-catalog"
"""The folder used when neither ``--catalog`` nor the estate file names one."""


@dataclass(frozen=True, slots=True)
class Location:
    """``root`` is the folder of the facts, the lock and the project key; the state is in ``state_file`` or at ``url``.

    ``state_file`` is a SQLite file, None for a server; ``url`` is the server's SQLAlchemy URL, '' for a file. Facts in
    a bucket are at ``store``; ``root`` is then a folder of this machine's own.
    """

    url: str
    root: Path
    state_file: Path | None = None
    store: str = ""

    @property
    def shown(self) -> str:
        """Where it is, for a person."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}{parts.path}" if self.url else str(self.root)

    @property
    def facts(self) -> Path:
        """The folder of the Parquet parts."""
        return self.root / "facts"

    @property
    def place(self) -> str:
        """Where the parts are, as ``facts_at`` reads it."""
        return self.store or str(self.facts)

    @property
    def room(self) -> Path:
        """The folder of copies that are made for a while; whatever is found there when a scan starts is removed."""
        return self.root / "tmp"

    def exists(self) -> bool:
        """Whether a catalog was ever made here, as far as the file system tells. Raises StocktakeError NO_CATALOG."""
        if self.store:
            return True  # the database will tell
        sign = self.state_file or self.facts
        try:
            return sign.exists()
        except OSError as error:
            raise StocktakeError("NO_CATALOG", str(sign), str(error.strerror)) from None


def locate(text: str) -> Location:
    """Read what ``--catalog`` or the estate file says.

    A path is a folder of its own. ``sqlite:///x.db`` keeps its facts in ``x.db.d``. A server's URL names the folder:
    ``postgresql://host/db?inventory=/srv/inventory``, or a bucket: ``…?inventory=s3://bucket/prefix``; passwords
    and keys come from where the servers' own tools take them.

    Raises:
        StocktakeError: CATALOG_UNWRITABLE for what is no place for a catalog; SECRET_LITERAL for a password in the URL.
    """
    if not text.isprintable():
        raise StocktakeError("CATALOG_UNWRITABLE", text, "the place must be given in printable characters")
    if text.startswith("sqlite:///"):
        file = _absolute(text.removeprefix("sqlite:///"))
        return Location("", file.with_name(file.name + ".d"), file)
    scheme = text.partition("://")[0]
    if "://" not in text or not scheme.replace("+", "").isalnum():
        root = _absolute(text)
        return Location("", root, root / "state.db")
    return _server(text)


def _absolute(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111 - resolve() would follow links


def _server(text: str) -> Location:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise StocktakeError("CATALOG_UNWRITABLE", text.partition("://")[0] + "://…", str(error)) from None
    shown = f"{parts.scheme}://{parts.hostname}{parts.path}"
    query = dict(parse_qsl(parts.query))
    if parts.password is not None or "password" in query:
        raise StocktakeError("SECRET_LITERAL", shown, "leave the password out and set PGPASSWORD or ~/.pgpass instead")
    scheme = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}.get(parts.scheme, parts.scheme)
    if scheme != "postgresql+psycopg":
        raise StocktakeError("CATALOG_UNWRITABLE", shown, "a catalog is a folder, sqlite:///FILE or postgresql://…")
    inventory = query.pop("inventory", None)
    if inventory is None:
        raise StocktakeError(
            "CATALOG_UNWRITABLE", shown, "a server's URL also needs the folder for the facts: …?inventory=/path"
        )
    url = urlunsplit((scheme, parts.netloc, parts.path, urlencode(query), ""))
    if "://" not in inventory:
        return Location(url, _absolute(inventory))
    bucket = re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[\w.!*'()-]+)*/?", inventory)
    if bucket is None:
        raise StocktakeError("CATALOG_UNWRITABLE", shown, "inventory is a folder, or s3://BUCKET/PREFIX")
    return Location(url, _own_folder(url + inventory), store=inventory.rstrip("/"))


def _own_folder(place: str) -> Path:
    """A folder of this machine for what a catalog elsewhere needs beside its facts: a lock, copies made for a while."""
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return _absolute(home) / "stocktake" / hashlib.sha256(place.encode()).hexdigest()[:16]
