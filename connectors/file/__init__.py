"""Local and mounted file systems, walked by directory descriptors: no link followed, no file opened, no trace left."""

from __future__ import annotations

from connectors.file.options import FileOptions, from_url, locator, steps
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
    load="One look at each folder for each 1,000 names in it.",
    place=steps,
    isolated=True,  # a mount whose server is gone may hold whoever asks for ever, beyond any signal
    facts=("entry", "listing", "grant", "member", "setting", "seen"),
    limits=(
        "A mounted share shows what its mount shows, not alternate streams or the server's own access lists.",
        "Where a mount makes up owners and modes (FAT, NTFS, most SMB mounts), no rights are told.",
        "A file's own access list is looked for only in folders that have one, unless file_acls is set.",
        "Such a file, not looked at, seems to give its group all that its list gives anybody.",
        "What a file gives to those whom its folder does not let through is told by its mode alone, not as rights.",
        "Rights through groups count members that the account database lists; a directory service may list none.",
        "Creation times are not asked for.",
        "Within one directory, names more than 100,000 apart are not checked for repetition.",
        "Nothing says for certain that a file's content is offline; content without blocks on disk is suspected to be.",
        "What else is mounted here is told by the mount table alone; memory, images and container layers are left out.",
    ),
)
