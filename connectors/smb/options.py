r"""What may be set for an SMB source, and its two spellings: ``\\host\share\path`` and ``smb://host/share/path``."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from scanner import paths
from scanner.codes import StocktakeError
from scanner.connector import Account
from scanner.secrets import Name, SecretRef

PORT = 445
Dialect = Literal["2.0.2", "2.1", "3.0", "3.0.2", "3.1.1"]


class SmbOptions(BaseModel):
    """One share, a folder of it, or every share of a host."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    root: Name = Field(
        description=r"What to list: '\\host\share', '\\host\share\folder', or '\\host' for every share of the host; "
        "smb://host/share/folder means the same. UNC paths need single quotes in TOML."
    )
    port: int = Field(PORT, ge=1, le=65535, description="TCP port of the server.")
    user: Name = Field(description=r"Account that logs in: 'name', 'DOMAIN\name' or 'name@domain'.")
    password: SecretRef = Field(description="Reference to its password: env:NAME, file:PATH or keyring:SERVICE/USER.")
    allow_hosts: tuple[Name, ...] = Field(
        (),
        description="Hosts that DFS links may lead to; the same account logs in there. None: links are only recorded.",
    )
    encrypt: bool = Field(
        default=False, description="Refuse a server that does not encrypt. Signing is always required."
    )
    min_dialect: Dialect = Field("2.0.2", description="Oldest protocol version accepted. SMB 1 never is.")
    permissions: Literal["none", "folders", "files"] = Field(
        "folders",
        description="Whose owners and access lists to ask for: those of folders, of files too (one request more for "
        "each), or of none. Those of the share are asked for in any case.",
    )
    snapshots: bool = Field(default=False, description="List snapshot folders (.snapshot, ~snapshot, …) as well.")

    @field_validator("root")
    @classmethod
    def _unc(cls, root: str) -> str:
        if root.lower().startswith("smb://"):
            url = urlsplit(root)
            if "@" in url.netloc or ":" in url.netloc or url.query or url.fragment:
                raise ValueError("name the host and the folder only; user, password and port are options of their own")
            root = "//" + url.netloc + unquote(url.path)
        parts = root.replace("/", "\\").split("\\")
        if parts[:2] != ["", ""] or len(parts) < 3 or not parts[2]:
            raise ValueError(r"write it as '\\host\share\folder' (in single quotes) or smb://host/share/folder")
        kept = [part for part in parts[2:] if part]
        if any(part in {".", ".."} for part in kept):
            raise ValueError("write the folder without '.' and '..'")
        return "\\\\" + "\\".join(kept)

    @property
    def host(self) -> str:
        """Host as given."""
        return self.root[2:].split("\\")[0]

    @property
    def share(self) -> str | None:
        """Share as given; None for every share of the host."""
        return next(iter(self.root[2:].split("\\")[1:]), None)

    @property
    def first(self) -> str:
        """Canonical path of the folder to list first, with its closing '/'; '' for a whole host."""
        return "".join(paths.segment(part) + "/" for part in self.root[2:].split("\\")[1:])


def from_url(url: str) -> dict[str, object]:
    """Settings from ``smb://DOMAIN;user@host:port/share/path?password=env:NAME``; other settings follow likewise.

    Raises:
        StocktakeError: SECRET_LITERAL for a password in the URL itself, which is never repeated; CONFIG_INVALID.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
        settings: dict[str, object] = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise StocktakeError("CONFIG_INVALID", "smb://…", str(error)) from None
    if parts.password is not None:
        raise StocktakeError("SECRET_LITERAL", f"smb://{host}", "write smb://user@host/share?password=env:NAME")
    if port is not None:
        settings["port"] = port
    if parts.username:
        settings["user"] = unquote(parts.username).replace(";", "\\")
    return {"root": "\\\\" + (host or "") + unquote(parts.path).replace("/", "\\").rstrip("\\"), **settings}


def locator(options: BaseModel) -> str:
    """The UNC path; the URL where the port is not the usual one, which a UNC path cannot say."""
    assert isinstance(options, SmbOptions)
    return place(options.root, options.port)


def place(root: str, port: int = PORT) -> str:
    """A UNC path as a person would write it in an estate file."""
    if port == PORT:
        return root
    host, *rest = root[2:].split("\\")
    return "/".join([f"smb://{host}:{port}", *rest])


def account(options: BaseModel) -> Account | None:
    """Who logs in where. Windows compares account and host names without case."""
    assert isinstance(options, SmbOptions)
    return Account(f"{options.host.lower()}:{options.port}", options.user.lower())
