"""The same place given two ways is scanned once."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import inventory, scan

from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.crawl.overlap import overlaps
from scanner.registry import Bound, bind, from_locator


def files(name: str, root: Path, **options: object) -> Bound:
    return bind(
        SourceConfig(name=name, type="file", limits=Limits(connections=2), options={"root": str(root), **options})
    )


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    for place in ("out/a", "out/in/deep", "out/inner"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "out" / "in")
    return tmp_path / "out"


def told(folder: Path) -> list[tuple[object, ...]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows("SELECT source, path, op, reason, detail FROM fault ORDER BY ALL")


@pytest.mark.parametrize("way", ["in", "../link", "in/deep/.."])
@pytest.mark.parametrize("first", [True, False])
def test_fault_011_folder_inside_another_source_is_scanned_once(grown: Path, way: str, first: bool) -> None:
    outer, inner = files("outer", grown), files("inner", grown / way)
    outcome = scan(grown.parent, *((inner, outer) if first else (outer, inner)))
    assert outcome.exit is Exit.COMPLETE
    found = [(row[0], row[1]) for row in inventory(grown.parent)]
    assert found == [
        ("inner", "deep"), ("inner", "deep/file"), ("outer", "a"), ("outer", "a/file"), ("outer", "in"),
        ("outer", "inner"), ("outer", "inner/file"),
    ]  # fmt: skip
    assert told(grown.parent) == [("outer", "in/", "descend", "OVERLAP", "covered by source inner")]


def test_fault_100_places_are_not_looked_at_once_the_scan_is_to_stop(grown: Path) -> None:
    stop = threading.Event()
    stop.set()
    found = overlaps([files("one", grown), files("two", grown)], stop)
    assert (found.covered, found.left_out) == ({}, {})


def test_fault_011_same_folder_twice_is_scanned_once_and_warned_of(grown: Path) -> None:
    outcome = scan(grown.parent, files("one", grown), files("two", grown.parent / "out" / "." / "a" / ".."))
    assert outcome.state == "incomplete"
    assert {row[0] for row in inventory(grown.parent)} == {"one"}
    assert told(grown.parent) == [("two", "", "descend", "OVERLAP", "source one covers it")]


def test_fault_011_root_that_is_not_there_overlaps_nothing(grown: Path) -> None:
    outcome = scan(grown.parent, files("one", grown), files("two", grown / "nowhere"))
    assert outcome.state == "incomplete"
    assert ("two", "", "list", "ROOT_MISSING") in [row[:4] for row in told(grown.parent)]


@pytest.mark.parametrize(
    ("one", "two", "left_out", "covered"),
    [
        ("sftp://me@Host.corp/data?password=env:X", "sftp://you@host.corp.:22/data/in?password=env:X", {"in/"}, set()),
        ("sftp://me@host/data?password=env:X", "sftp://me@host/database?password=env:X", set(), set()),
        ("sftp://me@host:2222/data?password=env:X", "sftp://me@host/data?password=env:X", set(), set()),
        ("smb://u@FS01/Fin?password=env:X", "smb://u@fs01:445/fin/Sub/x?password=env:X", {"Sub/x/"}, set()),
        ("smb://u@FS01/Fin?password=env:X", "smb://v@fs01/fIN?password=env:X", set(), {"two"}),
        ("s3://?profile=p", "s3://b?profile=p", {"b/"}, set()),
        ("s3://b?profile=p", "s3://b/pre/fix/?profile=p", set(), {"two"}),
        ("s3://b/pre/fix/?profile=p", "s3://b?profile=p", set(), {"one"}),
        ("odbc:DRIVER={PostgreSQL Unicode};SERVER=DB;PORT=5432;UID=u;PWD=env:X",
         "odbc:DRIVER={PostgreSQL Unicode};SERVER=db;PORT=5432;DATABASE=x;UID=v;PWD=env:X", {"x/"}, set()),
    ],
)  # fmt: skip
def test_fault_011_places_on_the_network_are_compared_by_normal_locator(
    one: str, two: str, left_out: set[str], covered: set[str]
) -> None:
    import dataclasses  # noqa: PLC0415

    bounds = [
        dataclasses.replace(b, config=b.config.model_copy(update={"name": name}))
        for name, b in (("one", from_locator(one)), ("two", from_locator(two)))
    ]
    found = overlaps(bounds)
    assert set(found.left_out.get("one", {})) == left_out
    assert set(found.covered) == covered
