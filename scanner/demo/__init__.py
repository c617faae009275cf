"""A believable department to try Stocktake on: seeded, made of real files and a real database, no server needed."""

from scanner.demo.build import Department, build

__all__ = ["Department", "build"]
