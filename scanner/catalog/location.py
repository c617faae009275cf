"""Where a catalog lives: a folder, or a database URL with a folder for the facts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from scanner.codes import StocktakeError

DEFAULT = "stocktake-catalog"
"""The folder used when neither ``--catalog`` nor the estate file names one."""


@dataclass(frozen=True, slots=True)
class Location:
    """``url`` is the state's SQLAlchemy URL; ``root`` the folder of the facts, the lock and the project key."""

    url: str
    root: Path

    @property
    def state_file(self) -> Path | None:
        """The SQLite file that holds the state, None for a server."""
        prefix = "sqlite:///"
        return Path(self.url.removeprefix(prefix)) if self.url.startswith(prefix) else None

    @property
    def facts(self) -> Path:
        """The folder of the Parquet parts."""
        return self.root / "facts"

    def exists(self) -> bool:
        """Whether a catalog was ever made here, as far as the file system tells."""
        return self.state_file.exists() if self.state_file else self.facts.exists()


def locate(text: str) -> Location:
    """Read what ``--catalog`` or the estate file says.

    A path is a folder of its own. ``sqlite:///x.db`` keeps its facts in ``x.db.d``. A server's URL names the folder:
    ``postgresql://host/db?inventory=/srv/inventory``.

    Raises:
        StocktakeError: CATALOG_UNWRITABLE for a URL that names no folder for the facts.
    """
    if "://" not in text:
        root = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - resolve() would follow links
        return Location(f"sqlite:///{root / 'state.db'}", root)
    if text.startswith("sqlite:///"):
        file = Path(os.path.abspath(text.removeprefix("sqlite:///")))  # noqa: PTH100
        return Location(f"sqlite:///{file}", file.with_name(file.name + ".d"))
    parts = urlsplit(text)
    query = dict(parse_qsl(parts.query))
    inventory = query.pop("inventory", None)
    if inventory is None:
        raise StocktakeError(
            "CATALOG_UNWRITABLE",
            f"{parts.scheme}://{parts.hostname}{parts.path}",
            "a server's URL also needs the folder for the facts: …?inventory=/path",
        )
    scheme = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}.get(parts.scheme, parts.scheme)
    return Location(urlunsplit((scheme, parts.netloc, parts.path, urlencode(query), "")), Path(inventory).absolute())
