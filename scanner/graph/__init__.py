"""Mentions, keys and definitions made into a dependency graph: cycles, waves, blast radius."""

from scanner.graph.build import build
from scanner.graph.export import graph_of, to_graphml

__all__ = ["build", "graph_of", "to_graphml"]
