"""The settings of an SFTP source, and its locator both ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

from scanner.codes import StocktakeError
from scanner.connector import Account
from scanner.paths import canonical, restore
from scanner.secrets import Name, SecretRef

PORT = 22
Fingerprint = Annotated[str, Field(pattern=r"^SHA256:[A-Za-z0-9+/]{43}=?$")]


class Options(BaseModel):
    """Settings of one SFTP source. Exactly one of ``password`` and ``key_file`` logs in, once; nothing else does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Name = Field(description="Host name or address")
    port: int = Field(default=PORT, ge=1, le=65535, description="TCP port")
    user: Name = Field(description="Account to log in with")
    path: Name = Field(
        default=".",
        description="Folder to take stock of; a relative one starts where the login does. Bytes that are not UTF-8 "
        r"are written \xHH, a backslash \\",
    )
    password: SecretRef | None = Field(default=None, description="Reference to the password")
    key_file: Path | None = Field(default=None, description="Private key; others must not be able to read it")
    key_passphrase: SecretRef | None = Field(default=None, description="Reference to the passphrase of key_file")
    host_key: Fingerprint | None = Field(
        default=None, description="Fingerprint of the host's key (SHA256:…), as ssh-keygen -l prints it"
    )
    known_hosts: Path | None = Field(
        default=None, description="File of trusted host keys; ~/.ssh/known_hosts when it is not named and exists"
    )
    legacy_algorithms: bool = Field(
        default=False, description="Also accept SHA-1, CBC and MD5 algorithms; reported as a weakness"
    )
    discover: bool = Field(
        default=True, description="Also tell which folders lie beside the path; one listing of each level above it"
    )
    snapshots: bool = Field(default=False, description="Also list snapshot folders (.snapshot, .zfs, …)")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.password is None) == (self.key_file is None):
            raise ValueError("give exactly one of password and key_file")
        if self.key_passphrase is not None and self.key_file is None:
            raise ValueError("key_passphrase needs key_file")
        return self

    @property
    def where(self) -> str:
        """Host and port, as errors name them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def from_url(url: str) -> dict[str, object]:
    """Settings from ``sftp://user@host:port/path?password=env:NAME``; other settings follow as further parameters.

    ``/path`` is absolute; ``/~/path`` and no path at all start where the login does.

    Raises:
        StocktakeError: SECRET_LITERAL for a password in the locator, which is never repeated; CONFIG_INVALID.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise StocktakeError("CONFIG_INVALID", "sftp://…", str(error)) from None
    if parts.password is not None:
        raise StocktakeError(
            "SECRET_LITERAL", f"sftp://{parts.hostname}", "write sftp://user@host/path?password=env:NAME"
        )
    settings: dict[str, object] = {}
    if host:
        settings["host"] = unquote(host)
    if port is not None:
        settings["port"] = port
    if parts.username:
        settings["user"] = unquote(parts.username)
    path = canonical(unquote_to_bytes(parts.path))
    if path == "/~" or path.startswith("/~/"):
        path = path[3:]
    settings["path"] = path or "."
    for pair in filter(None, parts.query.split("&")):
        name, _, value = pair.partition("=")
        settings[unquote(name)] = unquote(value)  # a '+' stays one: fingerprints hold it
    return settings


def locator(options: Options) -> str:
    """The source as a person would write it; no secret and no reference to one."""
    port = "" if options.port == PORT else f":{options.port}"
    host = f"[{options.host}]" if ":" in options.host else options.host
    path = quote(restore(options.path))
    if path == ".":
        path = ""
    elif not path.startswith("/"):
        path = "/~/" + path
    return f"sftp://{quote(options.user, safe='')}@{host}{port}{path}"


@dataclass(frozen=True, slots=True)
class Root:
    """Where a source lies as its server resolves it, and the account's home where the server tells that."""

    options: Options
    path: bytes
    home: bytes | None

    def locator(self, path: bytes) -> str:
        """The locator of an absolute path of the host; one for every way in which a source's own may be given."""
        return locator(self.options.model_copy(update={"path": canonical(path)}))


def account(options: Options) -> Account:
    """Who logs in where."""
    return Account(options.where, options.user)
