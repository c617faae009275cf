"""The estate as a map of at most sixty places: assets collapsed into what moves, or stores, or whole sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from scanner import results
from scanner.report.reading import Row

MAX_GROUPS = 60
_CONFIDENCE: tuple[results.EdgeConfidence, ...] = ("declared", "parsed", "inferred")


@dataclass(slots=True)
class Between:
    """Everything that leads from one group to another."""

    edges: int = 0
    places: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    confidence: int = len(_CONFIDENCE) - 1
    first: list[str] = field(default_factory=list)

    def add(self, edge: results.Edge) -> None:
        """Count one edge."""
        self.edges += 1
        self.places += edge.count
        self.kinds[edge.kind] += 1
        self.confidence = min(self.confidence, _CONFIDENCE.index(edge.confidence))
        if len(self.first) < 10:
            self.first.append(edge.id)


def read_map(graph: results.GraphResult) -> Row:
    """Groups and what leads from one to another, collapsed as far as needed to be few; totals beside."""
    assets = {a.id: a for a in graph.assets}
    by, groups = _collapsed(graph, assets)
    between = _links(graph, groups)
    used: Counter[str] = Counter()
    for (s, t), link in between.items():
        used.update({s: link.edges, t: link.edges})
    shown = {key for key, _ in sorted(used.items(), key=lambda kv: (-kv[1], kv[0]))[:MAX_GROUPS]}
    inside = Counter(groups.values())
    described = _Describing(graph, assets, inside)
    return {
        "by": by,
        "groups_total": len(inside),
        "linked_total": len(used),
        "links_total": len(between),
        "nodes": tuple(described.node(key) for key in sorted(shown)),
        "links": tuple(
            {
                "source": s, "target": t, "edges": link.edges, "places": link.places,
                "kinds": tuple(sorted(link.kinds.items(), key=lambda kv: (-kv[1], kv[0]))),
                "confidence": _CONFIDENCE[link.confidence], "first": tuple(link.first),
            }
            for (s, t), link in sorted(between.items())
            if s in shown and t in shown
        ),
    }  # fmt: skip


_GroupOf = Callable[[results.Asset], str]
_OUTER = 3
"""How many of the ways join stores; the others part them."""
_Collapsed = tuple[str, dict[str, str]]
"""The way of collapsing, and the group of each asset."""


def _collapsed(graph: results.GraphResult, assets: dict[str, results.Asset]) -> _Collapsed:
    """The finest way that gives few enough groups; within a single store its schemas, and then its objects."""
    fitting: list[tuple[int, _Collapsed]] = []
    ways = _ways(graph, assets)
    for by, group_of in ways[:_OUTER]:
        fitting.append(_tried(graph, by, group_of))
        if 0 < fitting[-1][0] <= MAX_GROUPS:
            return fitting[-1][1]
    for linked, found in (*reversed(fitting), *(_tried(graph, by, group_of) for by, group_of in ways[_OUTER:])):
        if linked:
            return found
    return fitting[0][1]


def _tried(graph: results.GraphResult, by: str, group_of: _GroupOf) -> tuple[int, _Collapsed]:
    """How many groups are linked to another one, and the groups; edges are not described yet, which takes long."""
    groups = {a.id: group_of(a) for a in graph.assets}
    pairs = {(groups[e.source], groups[e.target]) for e in graph.edges if e.source in groups and e.target in groups}
    return len({end for pair in pairs if pair[0] != pair[1] for end in pair}), (by, groups)


def _ways(graph: results.GraphResult, assets: dict[str, results.Asset]) -> tuple[tuple[str, _GroupOf], ...]:
    """Ways of collapsing: what moves together, stores, whole sources; and finer, schemas and objects."""
    by_path = {(a.source, a.path.rstrip("/")): a.id for a in assets.values() if a.level == "schema"}

    def store(asset: results.Asset) -> str:
        return asset.store or asset.id

    def moving(asset: results.Asset) -> str:
        found = graph.groups.get(asset.id)
        if found is None and asset.level == "object" and asset.resolved:
            found = by_path.get((asset.source, asset.path.rpartition("/")[0]))
            found = found if found in graph.groups.values() else None
        return found or store(asset)

    def schema(asset: results.Asset) -> str:
        if asset.level == "object" and asset.resolved:
            return by_path.get((asset.source, asset.path.rpartition("/")[0]), store(asset))
        return asset.id

    def source(asset: results.Asset) -> str:
        return f"source {asset.source}" if asset.source and asset.resolved else store(asset)

    return (
        ("what moves together", moving), ("store", store), ("source", source), ("schema", schema),
        ("object", lambda asset: asset.id),
    )  # fmt: skip


def _links(graph: results.GraphResult, groups: dict[str, str]) -> dict[tuple[str, str], Between]:
    """What leads from one group to another."""
    links: dict[tuple[str, str], Between] = defaultdict(Between)
    for edge in graph.edges:
        if edge.source in groups and edge.target in groups:
            source, target = groups[edge.source], groups[edge.target]
            if source != target:
                links[source, target].add(edge)
    return links


@dataclass(slots=True)
class _Describing:
    """Says of a group what it is: its title, kind, wave, status, and how much it holds."""

    graph: results.GraphResult
    assets: dict[str, results.Asset]
    inside: Counter[str]
    waves: dict[str, int] = field(init=False)
    status: dict[str, str] = field(init=False)
    sources: dict[str, str] = field(init=False)
    _kinds: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.waves = {m.asset: w.number for w in self.graph.waves for m in w.members}
        self.status = {m.asset: m.status for m in self.graph.managed}
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for asset in self.graph.assets:
            if asset.level == "store" and asset.resolved:
                kinds[asset.source][asset.kind] += 1
        self._kinds = {
            source: ", ".join(kind if n == 1 else f"{n:,} {kind}s" for kind, n in sorted(counted.items()))
            for source, counted in kinds.items()
        }
        self.sources = {f"source {a.source}": a.source for a in self.graph.assets if a.source}

    def node(self, key: str) -> Row:
        asset = self.assets.get(key)
        if asset is None:
            name = self.sources.get(key, key)
            return self._row(key, name, self._kinds.get(name, "source"), None, "scanned", name)
        title = asset.title
        above = self.assets.get(asset.store)
        if asset.level == "schema" and above is not None:
            title = f"{above.title}.{title}"
        status = self.status.get(key) or self.status.get(asset.store) or ("scanned" if asset.resolved else "referenced")
        return self._row(key, title, asset.kind, self.waves.get(key), status, asset.source)

    def _row(self, key: str, title: str, kind: str, wave: int | None, status: str, source: str) -> Row:
        return {
            "id": key, "title": title, "kind": kind, "wave": wave, "status": status, "source": source,
            "assets": self.inside[key],
        }  # fmt: skip
