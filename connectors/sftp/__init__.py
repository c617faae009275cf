"""The SFTP connector: a folder of an SSH host, listed through our own SFTP 3 client on a paramiko channel."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel

from connectors.sftp.options import Options, account, from_url, locator
from connectors.sftp.source import Source
from scanner.connector import Plug, Session

__all__ = ["PLUG", "Options", "Source"]


def _open(options: BaseModel, session: Session) -> Source:
    return Source(cast("Options", options), session)


PLUG = Plug(
    title="SFTP host",
    type="sftp",
    schemes=("sftp",),
    options=Options,
    open=_open,
    from_url=from_url,
    account=lambda options: account(cast("Options", options)),
    locator=lambda options: locator(cast("Options", options)),
    store_kind="sftp",
    facts=("entry", "grant", "listing", "seen", "setting"),
    limits=(
        "Times have 32 bits: one a day or more ahead of the scan may stand for one before 1970, so it is unknown.",
        "A time before 1890 or after 2106 arrives as one in between, which cannot be told.",
        "Directories more than 200 deep are not entered; the gap is told.",
        "Beneath a path of more than 3,839 bytes names may be missing; the gap is told.",
        "A directory replaced by a link in the moments between being found and being opened is listed as its target.",
        "Creation and access times, allocated space, ACLs and extended attributes are not shown.",
        "Rights are those of the mode: what access lists add or take is not shown, nor who is in a group.",
        "A number without a name is told as nobody's only by servers that can be asked for names (OpenSSH 9 or later).",
        "Which ways to log in a host offers is unknown: to ask counts as an attempt.",
        "Beside the path, folders of each level above it are told as seen, except links and those of a Unix itself.",
        "Owner and group are names only where the server's long listing agrees with its numbers, else '#N'.",
        "Hard links are counted, but which names share content is not told, so totals may count it more than once.",
        "Listing a directory and sampling content update access times where the server's file system keeps them.",
        "A server may hide names from the account; nothing in the protocol would show it.",
        "Within one folder, names beyond the first million are checked for repetition answer by answer only.",
    ),
    extra="sftp",
)
