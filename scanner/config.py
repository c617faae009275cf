"""The estate file as strict values: sources, limits, known stores, targets, policy; parsing only, no I/O."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scanner.codes import StocktakeError
from scanner.locators import without_secrets

_STRICT = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _hours(text: str) -> str:
    hours_between(text)
    return text


def hours_between(text: str) -> tuple[time, time]:
    """Start and end of ``HH:MM-HH:MM``; the end may be past midnight. Raises ValueError."""
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", text)
    if not match:
        raise ValueError("hours are written HH:MM-HH:MM, e.g. 19:00-06:00")
    a, b, c, d = map(int, match.groups())
    return time(a, b), time(c, d)


class Limits(BaseModel):
    """How hard a source may be worked; every figure is per source."""

    model_config = _STRICT
    connections: int | None = Field(
        None, ge=1, le=64, description="Workers, each with one connection; the connector's own figure when absent"
    )
    requests_per_s: float | None = Field(
        None, ge=0.001, description="Requests a second, all workers together; unlimited when absent"
    )
    hours: Annotated[str, AfterValidator(_hours)] | None = Field(
        None, description="Allowed hours, local time, HH:MM-HH:MM"
    )
    timeout_s: float = Field(30.0, gt=0, le=3600, description="Deadline of any one wait, in seconds")
    retries: int = Field(4, ge=0, le=20, description="Further attempts at a unit after a transient failure")
    hang_s: float = Field(300.0, gt=0, description="Silence after which a source counts as hung, in seconds")
    outage_s: float = Field(
        120.0, gt=0, le=86400, description="How long a host that goes in mid-scan is waited for, in seconds"
    )
    max_requests: int | None = Field(
        None, ge=1, description="Most requests of one scan, or of one resume of it; unlimited when absent"
    )
    memory_mib: int = Field(
        2048,
        ge=256,
        description="Most memory (address space) of a process that runs a connector or reads references, in MiB",
    )
    content_mib: int = Field(
        8192, ge=1, description="Most content read at depth L2 in one scan, or in one resume of it, in MiB"
    )
    content_s: float = Field(14400.0, gt=0, description="Most time given to content at depth L2, in seconds")
    copy_mib: int = Field(
        512,
        ge=1,
        le=2048,
        description="Largest Access file of which the private copy is made that it is read from, in MiB",
    )


class SourceConfig(BaseModel):
    """One configured place to look. Keys beyond these are the connector's own settings, kept in ``options``."""

    model_config = _STRICT
    name: str = Field(min_length=1, description="Name, unique in the file")
    type: str = Field(min_length=1, description="Connector: file, smb, s3, sftp, odbc or an installed third one")
    title: str = Field("", description="Name for people; the name when absent")
    owner: str | None = Field(None, description="Who answers for it")
    exclude: tuple[str, ...] = Field((), description="Folders left out: glob patterns on the path with its closing '/'")
    depth: Literal["L1", "L2", "L3"] = Field(
        "L1",
        description="L1: names, sizes and structure, no content; L2: also what files on it hold and refer to; L3: of "
        "databases (odbc) also keyed hashes of values in columns that may be keys, elsewhere as L2",
    )
    site: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+$",
        description="Site whose workers crawl it in a scan on several machines; any worker when absent",
    )
    limits: Limits = Field(default_factory=Limits, description="Overrides of [limits] for this source")
    options: Mapping[str, Any] = Field(default_factory=dict, description="The connector's settings")


class KnownStore(BaseModel):
    """A store the organisation knows of: the register that unmanaged stores are measured against."""

    model_config = _STRICT
    name: str = Field(min_length=1, description="Name")
    locator: str = Field(description="Where it is: a store's id, a path, a URL, or a bucket or database name")
    owner: str | None = Field(None, description="Who answers for it")

    @field_validator("locator")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if without_secrets(value) != value:
            raise ValueError("SECRET_LITERAL: a register says where a store is, not how to log in")
        return value


class Policy(BaseModel):
    """Thresholds after which a report ends with exit code 4."""

    model_config = _STRICT
    max_not_ready: int | None = Field(None, ge=0, description="Most stores that may be Not ready")
    min_coverage: float | None = Field(None, ge=0, le=1, description="Least share of containers fully listed")


class Executor(BaseModel):
    """The cluster that scans run on: the table ``[executor]``."""

    model_config = _STRICT
    address: str | None = Field(
        None, description="Scheduler: tls://HOST:PORT, or dask://HOST:PORT without TLS; this machine when absent"
    )
    allow_plain: bool = Field(
        False, description="Whether a scheduler elsewhere may be spoken to without TLS, though it runs what it is sent"
    )
    wait_s: float = Field(
        30.0, ge=0, le=86400, description="How long a source waits for a worker of its site, in seconds"
    )


class Estate(BaseModel):
    """The estate file."""

    model_config = _STRICT
    version: int = Field(1, ge=1, le=1, description="Version of this file's form")
    title: str = Field("Data estate", description="Title of the report")
    catalog: str | None = Field(None, description="Folder, or database URL, of the catalog")
    limits: Limits = Field(default_factory=Limits, description="Limits of every source")
    sources: tuple[SourceConfig, ...] = Field((), description="Where to look")
    stores: tuple[KnownStore, ...] = Field((), description="Known stores")
    register_file: str | None = Field(
        None,
        alias="register",
        description="File of further known stores, beside this one: CSV with columns name, locator and owner, or TOML",
    )
    targets: tuple[str, ...] = Field((), description="Target ids to judge against; every one that fits when empty")
    policy: Policy = Field(default_factory=Policy, description="Thresholds")
    executor: Executor = Field(default_factory=Executor, description="The cluster that scans run on")

    @model_validator(mode="after")
    def _unique(self) -> Estate:
        for what, names in (("sources", [s.name for s in self.sources]), ("stores", [s.name for s in self.stores])):
            twice = sorted(n for n, times in Counter(names).items() if times > 1)
            if twice:
                raise ValueError(f"two {what} are named {twice[0]!r}; names must be unique")
        return self


def digest(estate: Estate) -> str:
    """Hash of the effective configuration, for the trust strip."""
    return hashlib.sha256(estate.model_dump_json().encode()).hexdigest()


_LIMIT_KEYS = frozenset(Limits.model_fields)
_SOURCE_KEYS = frozenset({"name", "type", "title", "owner", "exclude", "depth", "site"})
MAX_BYTES = 4 << 20
"""An estate file is written by people; a larger one is a mistake."""


def parse(text: str, file: str = "estate.toml") -> Estate:
    """Read an estate file's text.

    Raises:
        StocktakeError: CONFIG_SYNTAX, CONFIG_UNKNOWN_KEY, CONFIG_INVALID or SECRET_LITERAL, with the line.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        raise StocktakeError("CONFIG_INVALID", file, f"larger than {MAX_BYTES:,} characters")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "; a UNC path needs single quotes: root = '\\\\host\\share'" if "escape" in str(error) else ""
        raise StocktakeError("CONFIG_SYNTAX", file, f"{error}{hint}") from None
    except (RecursionError, ValueError) as error:
        raise StocktakeError(
            "CONFIG_SYNTAX", file, f"{type(error).__name__}: nested too deeply or a number too long"
        ) from None
    lines = Lines(text, file)
    try:
        return Estate.model_validate(_shaped(raw))
    except ValidationError as error:
        raise invalid(error, lines, ()) from None


def _shaped(raw: dict[str, Any]) -> dict[str, Any]:
    """The file's flat source tables as ``SourceConfig`` has them: limits and connector settings apart."""
    sources = raw.get("sources")
    if not isinstance(sources, list):
        return raw
    general = raw.get("limits") if isinstance(raw.get("limits"), dict) else {}
    return raw | {"sources": [_shaped_source(s, general) if isinstance(s, dict) else s for s in sources]}


def _shaped_source(source: dict[str, Any], general: Any) -> dict[str, Any]:
    own = {k: v for k, v in source.items() if k in _SOURCE_KEYS}
    limits = dict(general) | {k: v for k, v in source.items() if k in _LIMIT_KEYS}
    options = {k: v for k, v in source.items() if k not in _SOURCE_KEYS and k not in _LIMIT_KEYS}
    return own | {"limits": limits, "options": options}


class Lines:
    """Where a key of an estate file stands: ``tomllib`` keeps no positions of keys."""

    _HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
    _KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._at: dict[tuple[str | int, ...], int] = {}
        counts: dict[str, int] = {}
        table: tuple[str | int, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := self._HEADER.match(line):
                name = header[2]
                if header[1] == "[[":
                    counts[name] = counts.get(name, -1) + 1
                    table = (name, counts[name])
                else:
                    table = tuple(name.split("."))
                self._at.setdefault(table, number)
            elif key := self._KEY.match(line):
                self._at.setdefault((*table, key[1].strip("\"'")), number)

    def where(self, place: Sequence[str | int]) -> str:
        """``file:line`` of a key, or of the nearest table around it; the file alone where neither is known."""
        path = tuple(p for p in place if p not in {"options", "limits"} or len(place) < 3)
        for end in range(len(path), 0, -1):
            if (line := self._at.get(path[:end])) is not None:
                return f"{self.file}:{line}"
        return self.file


def invalid(
    error: ValidationError, lines: Lines, prefix: tuple[str | int, ...], keys: Sequence[str] = ()
) -> StocktakeError:
    """The first complaint of pydantic as an error for a person; values are never repeated: one may be a secret."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    # A mistyped key shows as an unknown one and a missing one: the unknown one is the mistake.
    first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
    place = (*prefix, *first["loc"])
    where = lines.where(place)
    key = str(place[-1]) if place else ""
    if first["type"] == "extra_forbidden":
        known = keys or _known_keys(place)
        near = difflib.get_close_matches(key, known, 1)
        what = _what(place)
        return StocktakeError(
            "CONFIG_UNKNOWN_KEY",
            where,
            f'"{key}" is not a setting of {what}.' + (f' Did you mean "{near[0]}"?' if near else ""),
        )
    message = first["msg"].removeprefix("Value error, ")
    if message.startswith("SECRET_LITERAL"):
        return StocktakeError("SECRET_LITERAL", where, f'"{key}": {message.removeprefix("SECRET_LITERAL: ")}')
    return StocktakeError("CONFIG_INVALID", where, f'"{key}": {message}' if key else message)


def _known_keys(place: Sequence[str | int]) -> list[str]:
    models: dict[str, type[BaseModel]] = {
        "limits": Limits,
        "stores": KnownStore,
        "policy": Policy,
        "executor": Executor,
        "sources": SourceConfig,
    }
    model = models.get(str(place[0]), Estate) if len(place) > 1 else Estate
    return sorted(field.alias or name for name, field in model.model_fields.items())


def _what(place: Sequence[str | int]) -> str:
    if len(place) == 1:
        return "the estate file"
    return {"sources": "this source", "stores": "a known store"}.get(str(place[0]), f"[{place[0]}]")
