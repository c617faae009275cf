"""Mentions, keys and definitions made into a dependency graph: cycles, waves, blast radius."""

from scanner.graph.build import build
from scanner.graph.export import graph_of, to_graphml
from scanner.graph.impact import Impact, everywhere
from scanner.graph.openlineage import to_openlineage
from scanner.graph.tables import tables

__all__ = ["Impact", "build", "everywhere", "graph_of", "tables", "to_graphml", "to_openlineage"]
