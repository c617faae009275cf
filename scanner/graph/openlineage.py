"""The graph as OpenLineage events, one JSON object a line, for catalogs and lineage tools.

What reads and writes is a job: a view, a routine, a package or script on a share. What is read and written is a
dataset: a table, a view's rows, a store that content refers to. Nothing ran, so there are no run events: a job's event
says what it is designed to do, a dataset's what it looks like.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import Any

from scanner.results import Asset, ColumnEdge, GraphResult

_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/"
_FACETS = "https://openlineage.io/spec/facets/"
_VERSIONS = {
    "ColumnLineageDatasetFacet": "1-2-0", "SchemaDatasetFacet": "1-2-0", "SymlinksDatasetFacet": "1-0-1",
    "DatasetTypeDatasetFacet": "1-0-1", "JobTypeJobFacet": "2-0-4", "OwnershipJobFacet": "1-0-1",
}  # fmt: skip
_DATASETS = frozenset({"table", "foreign_table", "view", "materialized_view", "sequence", "external_table"})
_DERIVED = frozenset({"view", "materialized_view"})
_SCHEMES = {"postgresql": "postgres", "mariadb": "mysql", "sqlserver": "mssql", "file": "file", "smb": "file"}
"""How OpenLineage's naming calls what our locators call otherwise."""
_WRITES = frozenset({"writes", "creates"})
_CALLS = frozenset({"calls", "fires_on", "foreign_key", "default", "copy_of", "inferred_key", "defines"})
"""Kinds of edges that move no rows."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Fields = Mapping[str, Sequence[tuple[str, str]]]
"""Name and type of each column, in order, by asset."""


def to_openlineage(
    result: GraphResult, *, when: int, locators: Mapping[str, str] | None = None, fields: Fields | None = None
) -> str:
    """Every job and dataset of the graph as events.

    Args:
        result: the graph.
        when: the moment all events carry, in microseconds UTC.
        locators: where each source is, by name; it gives the namespace.
        fields: the columns of tables and views.
    """
    writer = _Writer(result, when, locators or {}, fields or {})
    return "".join(json.dumps(_sayable(event), sort_keys=True) + "\n" for event in writer.events())


@dataclass(slots=True)
class _Job:
    """What one job reads and writes, by asset, and how it is called."""

    namespace: str
    name: str
    kind: str
    owner: str = ""
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Writer:
    result: GraphResult
    when: int
    locators: Mapping[str, str]
    fields: Fields
    producer: str = f"https://pypi.org/project/stocktake/{metadata.version('stocktake')}"
    assets: dict[str, Asset] = field(init=False)
    columns: dict[str, list[ColumnEdge]] = field(init=False)

    def __post_init__(self) -> None:
        self.assets = {a.id: a for a in self.result.assets}
        self.columns = defaultdict(list)
        for edge in self.result.columns:
            self.columns[edge.asset].append(edge)

    def events(self) -> Iterator[dict[str, Any]]:
        """Datasets first, so that a reader knows them when a job names them; each list in order of name."""
        jobs = self._jobs()
        used = {key for job in jobs for key in (*job.reads, *job.writes)}
        for asset in sorted((a for a in self.assets.values() if a.kind in _DATASETS or a.id in used), key=_key):
            yield self._event("Dataset", dataset=self._dataset(asset))
        for job in jobs:
            facets = {"jobType": self._facet("JobTypeJobFacet", processingType="BATCH", integration="STOCKTAKE",
                                             jobType=job.kind.upper())}  # fmt: skip
            if job.owner:
                facets["ownership"] = self._facet("OwnershipJobFacet", owners=[{"name": job.owner}])
            yield self._event(
                "Job",
                job={"namespace": job.namespace, "name": job.name, "facets": facets},
                inputs=[self._dataset(a) for a in self._in_order(job.reads)],
                outputs=[self._dataset(a, whole=True) for a in self._in_order(job.writes)],
            )

    def _jobs(self) -> list[_Job]:
        """Views and routines with what they touch; then files of stores, by what their references do."""
        jobs: dict[tuple[str, str], _Job] = {}
        actions = {(r.store, r.target, r.place): (r.action, r.owner) for r in self.result.references}
        for edge in self.result.edges:
            source, target = self.assets.get(edge.source), self.assets.get(edge.target)
            if source is None or target is None or edge.kind in _CALLS:
                continue
            if source.level == "object":
                job = jobs.setdefault(self._name(source), _Job(*self._name(source), source.kind))
                if source.kind in _DATASETS:
                    job.writes.add(source.id)
                (job.writes if edge.kind in _WRITES else job.reads).add(target.id)
                continue
            for place in edge.places:
                name = (self._namespace(place.source), place.path)
                action, owner = actions.get((source.store or source.id, target.id, place), ("", ""))
                job = jobs.setdefault(name, _Job(*name, "file", owner))
                (job.writes if action == "writes" or edge.kind in _WRITES else job.reads).add(target.id)
        return sorted(jobs.values(), key=lambda j: (j.namespace, j.name))

    def _dataset(self, asset: Asset, *, whole: bool = False) -> dict[str, Any]:
        """A dataset by name; with what is known of its columns where it stands for itself or is written."""
        namespace, name = self._name(asset)
        facets: dict[str, Any] = {
            "symlinks": self._facet(
                "SymlinksDatasetFacet",
                identifiers=[{"namespace": "stocktake", "name": asset.id, "type": asset.kind.upper()}],
            ),
            "datasetType": self._facet("DatasetTypeDatasetFacet", datasetType=_type_of(asset)),
        }
        if known := self.fields.get(asset.id):
            facets["schema"] = self._facet(
                "SchemaDatasetFacet", fields=[{"name": n, **({"type": t} if t else {})} for n, t in known]
            )
        if whole and (lineage := self._lineage(asset.id)):
            facets["columnLineage"] = lineage
        return {"namespace": namespace, "name": name, "facets": facets}

    def _lineage(self, asset: str) -> dict[str, Any] | None:
        """What each column is made from; what joins or filters is indirect, and without a column it is the rows'."""
        fields: dict[str, list[dict[str, Any]]] = defaultdict(list)
        rows: list[dict[str, Any]] = []
        for edge in sorted(self.columns.get(asset, ()), key=lambda e: (e.column, e.from_asset, e.from_column, e.role)):
            if edge.from_asset not in self.assets:
                continue
            namespace, name = self._name(self.assets[edge.from_asset])
            how = "DIRECT" if edge.role == "value" else "INDIRECT"
            said = {"namespace": namespace, "name": name, "field": edge.from_column, "transformations": [{"type": how}]}
            (rows if edge.column in {"", "*"} else fields[edge.column]).append(said)
        if not fields and not rows:
            return None
        made = {column: {"inputFields": inputs} for column, inputs in fields.items()}
        return self._facet("ColumnLineageDatasetFacet", fields=made, **({"dataset": rows} if rows else {}))

    def _in_order(self, keys: Iterable[str]) -> list[Asset]:
        return sorted((self.assets[key] for key in keys), key=_key)

    def _name(self, asset: Asset) -> tuple[str, str]:
        """Namespace and name, as OpenLineage's naming has them: database objects with dots, the rest as a path."""
        if not asset.resolved:
            return "unresolved", asset.title or asset.id
        inside = asset.kind == "database" or asset.level != "store"
        path = asset.path.rstrip("/")
        return self._namespace(asset.source), (path.replace("/", ".") if inside else path) or "/"

    def _namespace(self, source: str) -> str:
        """Where a source is, without its path."""
        locator = self.locators.get(source, "").strip().replace("\\", "/")
        if locator.startswith("//"):
            return f"file:{locator.rstrip('/')}"
        scheme, found, rest = locator.partition("://")
        if not found:
            return f"stocktake:{source}"
        host = rest.rpartition("@")[2] if scheme == "file" else rest.partition("/")[0].rpartition("@")[2]
        return f"{_SCHEMES.get(scheme.lower(), scheme.lower())}://{host.rstrip('/')}"

    def _event(self, kind: str, **values: Any) -> dict[str, Any]:
        moment = (_EPOCH + timedelta(microseconds=self.when)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"eventTime": moment, "producer": self.producer, "schemaURL": f"{_SPEC}{kind}Event", **values}

    def _facet(self, name: str, **values: Any) -> dict[str, Any]:
        url = f"{_FACETS}{_VERSIONS[name]}/{name}.json#/$defs/{name}"
        return {"_producer": self.producer, "_schemaURL": url, **values}


def _key(asset: Asset) -> tuple[str, str, str]:
    return asset.source, asset.path, asset.id


def _type_of(asset: Asset) -> str:
    if asset.kind in _DERIVED:
        return "VIEW"
    return "TABLE" if asset.kind in _DATASETS else asset.kind.upper().replace(" ", "_") or "UNKNOWN"


def _sayable(value: Any) -> Any:
    """The value with half characters replaced, which many readers of JSON refuse."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not value.isascii() else value
    if isinstance(value, Mapping):
        return {_sayable(k): _sayable(v) for k, v in value.items()}
    return [_sayable(v) for v in value] if isinstance(value, list) else value
