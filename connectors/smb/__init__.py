"""The SMB connector: the shares of a Windows or Samba server, through smbprotocol."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel

from connectors.smb.options import SmbOptions, account, from_url, locator
from connectors.smb.source import SmbConnector
from scanner.connector import Plug, Session

__all__ = ["PLUG", "SmbConnector", "SmbOptions"]


def _open(options: BaseModel, session: Session) -> SmbConnector:
    return SmbConnector(cast("SmbOptions", options), session)


PLUG = Plug(
    title="SMB share (Windows, Samba, NAS)",
    type="smb",
    schemes=("smb",),
    options=SmbOptions,
    open=_open,
    from_url=from_url,
    account=account,
    locator=locator,
    store_kind="share",
    store_depth=1,
    facts=("entry", "listing", "setting", "grant", "seen"),
    limits=(
        "Samba leaves out names it cannot decode, and links out of the share; nothing in the protocol shows it.",
        "A share may hide what the account cannot open: access_based_enumeration says so, but not what is left out.",
        "Samba follows symbolic links inside a share, so what they lead to counts under each name.",
        "Of those links, only the ones that lead back to a folder above are recognised, and not descended into.",
        "Folders more than 250 deep, or with a path of more than 32,000 characters, are not entered; the gap is told.",
        "A name Windows could not bear is given as an 8.3 alias; aliases are recognised by their form alone.",
        "FIFOs, sockets and devices of a Samba server look like empty files.",
        "Hard links are not told, so their content counts under each name.",
        "Last access is left unknown: servers rarely maintain it, and none says whether it does.",
        "Samba makes up a creation time, the oldest of its other times, where it has stored none itself.",
        "Owners and access lists are asked of folders only; permissions = 'files' costs a request more for each file.",
        "Where files are not asked, what a file's own access list adds to or takes from its folder's is unknown.",
        "Rights on a share as a whole are told to administrators only by many servers; else they are unknown.",
        "Samba leaves them out for accounts without privilege; the setting share_acl is empty then.",
        "SIDs have the names their host gives them; one without is told as a SID, and members of groups are not told.",
        "Audit entries, alternate streams and extended attributes are not asked for.",
        "The owner of the share's own folder stands among the rights, not at the share's entry.",
        "Sampling content updates access times where the server's file system keeps them.",
    ),
    extra="smb",
)
