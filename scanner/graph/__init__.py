"""Mentions, keys and definitions made into a dependency graph: cycles, waves, blast radius."""
