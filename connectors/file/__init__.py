"""Local and mounted file systems, walked by directory descriptors: no link followed, no file opened, no trace left."""

from __future__ import annotations

from connectors.file.options import FileOptions, from_url, locator
from connectors.file.source import FileSource
from scanner.connector import Connector, Plug, Session


def _open(options: object, session: Session) -> Connector:
    assert isinstance(options, FileOptions)
    return FileSource(options, session)


PLUG = Plug(
    title="Files of this machine, and whatever is mounted on it",
    type="file",
    schemes=("file", ""),
    options=FileOptions,
    open=_open,
    from_url=from_url,
    account=lambda _options: None,
    locator=locator,
    store_kind="folder",
    facts=("entry", "listing", "setting"),
    limits=(
        "A mounted share shows what its mount shows, not alternate streams or the server's own access lists.",
        "Creation times are not asked for.",
        "Within one directory, names beyond the first 250,000 are not checked for repetition.",
        "Nothing says for certain that a file's content is offline; content without blocks on disk is suspected to be.",
    ),
)
