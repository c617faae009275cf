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
        "A server may hide what the account cannot open (access-based enumeration); that does not show either.",
        "Samba follows symbolic links inside a share, so what they lead to counts under each name.",
        "Of those links, only the ones that lead back to a folder above are recognised, and not descended into.",
        "Folders more than 250 deep, or with a path of more than 32,000 characters, are not entered; the gap is told.",
        "A name Windows could not bear is given as an 8.3 alias; aliases are recognised by their form alone.",
        "FIFOs, sockets and devices of a Samba server look like empty files.",
        "Hard links are not told, so their content counts under each name.",
        "Last access is left unknown: servers rarely maintain it, and none says whether it does.",
        "Samba makes up a creation time, the oldest of its other times, where it has stored none itself.",
        "Owners and ACLs would take one request per file, and are not asked for.",
        "Sampling content updates access times where the server's file system keeps them.",
    ),
    extra="smb",
)
