"""From the estate file, or from a bare locator, to a connector that is ready to be opened."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from scanner.codes import StocktakeError
from scanner.config import MAX_BYTES, Estate, Limits, Lines, SourceConfig, invalid, parse
from scanner.connector import Account, Connector, Plug, Session, plug_named, plugs, targets
from scanner.register import read_register


@dataclass(frozen=True, slots=True)
class Bound:
    """A source with its connector and checked settings."""

    config: SourceConfig
    plug: Plug
    options: BaseModel
    place: str = ""
    """Where another process finds the plug, as ``module:attribute``; '' for an installed one."""

    @property
    def isolated(self) -> bool:
        """Whether each of its connections runs in a process of its own."""
        return self.plug.isolated

    @property
    def target(self) -> str:
        """Where another process finds the plug, as ``module:attribute``. Raises KeyError for one that is nowhere."""
        return self.place or _targets()[self.plug.type]

    @property
    def name(self) -> str:
        """The source's name."""
        return self.config.name

    @property
    def limits(self) -> Limits:
        """The source's limits."""
        return self.config.limits

    @property
    def locator(self) -> str:
        """The source as a person would write it, without secrets."""
        return self.plug.locator(self.options)

    @property
    def account(self) -> Account | None:
        """Who logs in where, the host in one spelling; None where nobody does."""
        account = self.plug.account(self.options)
        return None if account is None else Account(plain_host(account.host), account.name)

    @property
    def connections(self) -> int:
        """How many workers it may have."""
        return self.limits.connections or self.plug.connections

    def at_depth(self, depth: str) -> Bound:
        """The same source, looked into as deep as that: L1, L2 or L3."""
        return replace(self, config=self.config.model_copy(update={"depth": depth}))

    def open(self, session: Session) -> Connector:
        """A fresh connector; no I/O yet."""
        return self.plug.open(self.options, session)

    def plain_options(self) -> dict[str, Any]:
        """The settings as JSON values; secrets stand in them as references."""
        return self.options.model_dump(mode="json")


def read_estate(file: Path) -> tuple[Estate, Lines]:
    """Read an estate file. Raises StocktakeError CONFIG_MISSING, CONFIG_SYNTAX and those of ``config.parse``."""
    try:
        with file.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise StocktakeError("CONFIG_MISSING", str(file), str(error.strerror)) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StocktakeError("CONFIG_SYNTAX", str(file), f"not UTF-8 at byte {error.start}") from None
    estate, lines = parse(text, str(file)), Lines(text, str(file))
    return _with_register(estate, lines, file), lines


def _with_register(estate: Estate, lines: Lines, file: Path) -> Estate:
    """The estate with the known stores of its register file, if it names one, behind its own."""
    if estate.register_file is None:
        return estate
    named = Path(estate.register_file).expanduser()
    place = named if named.is_absolute() else file.absolute().parent / named
    if not place.exists():
        raise StocktakeError(
            "CONFIG_INVALID", lines.where(("register",)), f"there is no register {estate.register_file}"
        )
    stores = read_register(place, str(file.parent / named) if not named.is_absolute() else str(named))
    own = {s.name for s in estate.stores}
    if twice := next((s.name for s in stores if s.name in own), None):
        raise StocktakeError("CONFIG_INVALID", str(place), f"{twice!r} stands in [[stores]] of {file} as well")
    return estate.model_copy(update={"stores": (*estate.stores, *stores)})


@functools.cache
def _installed() -> dict[str, Plug | str]:
    """The connectors; asked once a process, since looking at every installed package takes a while."""
    return plugs()


@functools.cache
def _named(kind: str) -> Plug | str | None:
    return plug_named(kind)


@functools.cache
def _targets() -> dict[str, str]:
    return targets()


def plug_of(kind: str, where: str) -> Plug:
    """The installed connector of a type. Raises StocktakeError CONNECTOR_UNKNOWN."""
    plug = _named(kind)
    if isinstance(plug, Plug):
        return plug
    detail = plug or f'"{kind}" is none of: {", ".join(_installed())}'
    raise StocktakeError("CONNECTOR_UNKNOWN", where, detail)


def bind(config: SourceConfig, lines: Lines | None = None, index: int = 0) -> Bound:
    """Check a source's settings against its connector's own model.

    Raises:
        StocktakeError: CONNECTOR_UNKNOWN, CONFIG_UNKNOWN_KEY, CONFIG_INVALID, SECRET_LITERAL.
    """
    lines = lines or Lines("", config.name)
    plug = plug_of(config.type, lines.where(("sources", index, "type")))
    try:
        options = plug.options.model_validate(dict(config.options))
    except ValidationError as error:
        own = set(SourceConfig.model_fields) - {"limits", "options"}
        keys = sorted({*plug.options.model_fields, *Limits.model_fields, *own})
        raise invalid(error, lines, ("sources", index), keys) from None
    return Bound(config, plug, options)


def bind_all(estate: Estate, lines: Lines | None = None) -> list[Bound]:
    """Every source of an estate file, bound."""
    return [bind(source, lines, index) for index, source in enumerate(estate.sources)]


def from_locator(text: str, limits: Limits | None = None) -> Bound:
    """A source from a path or URL, for a scan without an estate file; its name is the locator without secrets.

    Raises:
        StocktakeError: SOURCE_UNKNOWN, CONFIG_INVALID, SECRET_LITERAL.
    """
    scheme = text.partition(":")[0].lower() if ":" in text else ""
    others = _installed().values() if scheme else ()
    plug = next((p for p in others if isinstance(p, Plug) and scheme in p.schemes), None)
    if plug is None:
        if "://" in text or not (os.sep in text or text in {".", ".."} or _is_here(text)):
            raise StocktakeError("SOURCE_UNKNOWN", without_password(text))
        plug = plug_of("file", text)
    try:
        options = plug.options.model_validate(plug.from_url(text))
    except ValidationError as error:
        raise invalid(error, Lines("", without_password(text)), (), sorted(plug.options.model_fields)) from None
    except ValueError as error:
        message = str(error)
        code = "SECRET_LITERAL" if message.startswith("SECRET_LITERAL") else "CONFIG_INVALID"
        raise StocktakeError(code, plug.type, message.removeprefix("SECRET_LITERAL: ")) from None
    name = plug.locator(options)
    config = SourceConfig(name=name, type=plug.type, limits=limits or Limits(), options=options.model_dump(mode="json"))
    return Bound(config, plug, options)


def plain_host(host: str) -> str:
    """A host, with its port if it has one, as the breaker knows it: case, a closing dot and names of this machine."""
    name, colon, port = host.lower().rpartition(":")
    if not colon or not port.isdigit() or (":" in name and not name.endswith("]")):
        name, colon, port = host.lower(), "", ""
    name = name.rstrip(".")
    return f"{'127.0.0.1' if name in {'localhost', '[::1]'} else name}{colon}{port}"


def _is_here(name: str) -> bool:
    """Whether this folder has an entry of that name; the entry itself is not touched: it may be a dead mount."""
    try:
        with os.scandir() as entries:
            return any(entry.name == name for entry in entries)
    except OSError:
        return False


def without_password(locator: str) -> str:
    """A locator that could not be read, as far as it can be repeated: what may be a password is left out."""
    scheme, mark, rest = locator.partition("://")
    if not mark:
        scheme, mark, rest = locator.partition(":")
        return locator if not mark or "=" not in rest else f"{scheme}:…"
    host = rest.rpartition("@")[2].partition("?")[0]
    return f"{scheme}://{'…@' if '@' in rest else ''}{host}"


def rebind(name: str, kind: str, owner: str | None, options: Mapping[str, Any], limits: Mapping[str, Any]) -> Bound:
    """A source as an earlier scan was given it, so that a resume needs no estate file."""
    exclude = tuple(limits.get("exclude", ()))
    own = Limits.model_validate({k: v for k, v in limits.items() if k in Limits.model_fields})
    depth, site = limits.get("depth", "L1"), limits.get("site")
    return bind(
        SourceConfig(
            name=name, type=kind, owner=owner, exclude=exclude, depth=depth, site=site, limits=own, options=options
        )
    )


def shown_limits(bound: Bound) -> dict[str, Any]:
    """A source's limits as JSON values, with what else of its own settings ``rebind`` needs."""
    config = bound.config
    more = {"exclude": list(config.exclude), "depth": config.depth, "site": config.site}
    return bound.limits.model_dump(mode="json") | more
