"""A connector in a process of its own: whatever it does costs its unit, never the scan."""

from __future__ import annotations

import dataclasses
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import misbehaving
from scripted import Script, bound, inventory, paths_of, scan, tree

from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit
from scanner.config import Limits, SourceConfig
from scanner.connector import Account, Connector, ReadsBytes, SamplesRows, Session, SketchesColumns
from scanner.crawl import Run, SourceProgress, wire
from scanner.crawl.apart import Apart, Around, Lost
from scanner.crawl.nursery import NURSERY, Nursery
from scanner.crawl.pace import Pace
from scanner.keys.sketches import sketch
from scanner.model import CONTENT, Batch, Event, Fault, SourceError, Unit
from scanner.registry import Bound
from scanner.schema import ENTRY, SCHEMAS

WHOLE = paths_of(misbehaving.TREE)
SMALL = tree(2, 1)


def source(tmp_path: Path, how: str = "", *, name: str = "bad", secret: str | None = None, **more: object) -> Bound:
    options = {k: more.pop(k) for k in ("at", "times") if k in more}
    log = tmp_path / f"{name}.log"
    log.touch()
    config = SourceConfig(name=name, type="misbehaving", limits=Limits.model_validate({"connections": 1, **more}))
    made = misbehaving.Options.model_validate({"how": how, "log": str(log), "secret": secret, **options})
    return Bound(config, misbehaving.PLUG, made, "misbehaving:PLUG")


def log(tmp_path: Path, name: str = "bad") -> list[str]:
    return [line.split()[0] for line in (tmp_path / f"{name}.log").read_text().splitlines()]


def faults(folder: Path) -> list[tuple[str, str, str, str]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows("SELECT path, op, reason, detail FROM fault WHERE source = 'bad' ORDER BY ALL")


def paths(folder: Path, name: str = "bad") -> list[object]:
    return [row[1] for row in inventory(folder) if row[0] == name]


def proxy(source_: Bound) -> Apart:
    stop = threading.Event()
    pace = Pace(SourceProgress("bad"), stop, None, None)
    return Apart(source_, Session("bad", pace), Around(pace, stop, lambda _unit: True))


def test_apart_gives_what_it_gives_at_home(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path, connections=3))
    assert (outcome.state, outcome.exit, outcome.coverage) == ("complete", Exit.COMPLETE, 1.0)
    assert paths(tmp_path) == WHOLE
    assert set(log(tmp_path)) == {"roots", "close"}


@pytest.mark.parametrize(
    ("how", "said"), [("segfault", "SIGSEGV"), ("kill", "SIGKILL"), ("exit", "exit code 3"), ("leak", "512 MiB")]
)
def test_fault_063_driver_that_dies_is_tried_once_afresh_and_costs_its_unit(
    tmp_path: Path, how: str, said: str
) -> None:
    """Fault 108. Fault 68: a leak ends at the limit."""
    outcome = scan(tmp_path, source(tmp_path, how, memory_mib=512), bound(Script(SMALL), "sound"))
    assert (outcome.state, outcome.exit) == ("incomplete", Exit.GAPS)
    (fault,) = [f for f in faults(tmp_path) if f[2] == "DRIVER_CRASH"]
    assert fault[:2] == ("a/", "list")
    assert said in fault[3]
    assert "misbehaving" in fault[3]
    assert log(tmp_path).count("misbehaved") == 2
    assert paths(tmp_path) == WHOLE, "what it had given before counts, and so does everything else"
    assert paths(tmp_path, "sound") == paths_of(SMALL)


def test_fault_063_driver_that_dies_once_leaves_no_gap(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path, "segfault", times=1))
    assert outcome.exit is Exit.COMPLETE
    assert paths(tmp_path) == WHOLE
    assert log(tmp_path).count("roots") == 2


def test_fault_063_driver_that_dies_at_login_ends_its_source_alone(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path, "segfault", at="roots"), bound(Script(SMALL), "sound"))
    assert outcome.state == "incomplete"
    assert [f[2] for f in faults(tmp_path)] == ["DRIVER_CRASH"]
    assert log(tmp_path).count("misbehaved") == 2
    assert paths(tmp_path, "sound") == paths_of(SMALL)


def test_fault_047_driver_that_dies_at_the_login_of_an_account_does_not_log_in_again(tmp_path: Path) -> None:
    bad = source(tmp_path, "segfault", at="roots")
    bad = dataclasses.replace(bad, plug=dataclasses.replace(bad.plug, account=lambda _o: Account("h:1", "me")))
    scan(tmp_path, bad)
    assert log(tmp_path).count("misbehaved") == 1, "nobody knows whether the server counted it as refused"


@pytest.mark.parametrize("how", ["sleep", "stop", "chatter", "trickle"])
def test_fault_064_driver_that_hangs_is_killed_and_costs_its_unit(tmp_path: Path, how: str) -> None:
    """Fault 45: a listing that hangs. A stopped process does not even die of most signals."""
    began = time.monotonic()
    outcome = scan(tmp_path, source(tmp_path, how, hang_s=0.6), bound(Script(SMALL), "sound"))
    assert time.monotonic() - began < 20
    assert outcome.state == "incomplete"
    assert [f[:3] for f in faults(tmp_path)] == [("a/", "list", "FAILED_HUNG")]
    assert log(tmp_path).count("misbehaved") == 2
    assert paths(tmp_path) == WHOLE
    assert paths(tmp_path, "sound") == paths_of(SMALL)


def test_fault_026_root_that_hangs_ends_its_source_in_time_and_no_child_stays(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path, "sleep", at="roots", hang_s=0.6), bound(Script(SMALL), "sound"))
    assert outcome.state == "incomplete"
    assert [f[2] for f in faults(tmp_path)] == ["FAILED_HUNG"]
    assert log(tmp_path).count("misbehaved") == 1, "a hanging mount is not asked twice"
    assert paths(tmp_path, "sound") == paths_of(SMALL)
    assert not alive(tmp_path)


def test_fault_026_mount_that_dies_in_mid_scan_ends_its_source_not_one_unit_after_another(tmp_path: Path) -> None:
    """Every further unit would wait for it as long again; they wait for a resume instead."""
    source_ = source(tmp_path, "mount_dies", hang_s=0.6)
    outcome = scan(tmp_path, source_, bound(Script(SMALL), "sound"))
    assert outcome.state == "incomplete"
    assert [f[2] for f in faults(tmp_path)] == ["FAILED_HUNG"]
    assert log(tmp_path).count("roots") == 2, "the first login, and one that found the mount dead"
    assert paths(tmp_path, "sound") == paths_of(SMALL)
    assert not alive(tmp_path)
    (tmp_path / "bad.log").write_text("")
    again = source(tmp_path, times=0)
    assert scan(tmp_path, again, number=outcome.run).state == "complete"
    assert paths(tmp_path) == WHOLE


def test_fault_047_driver_that_dies_at_a_later_login_of_an_account_does_not_log_in_again(tmp_path: Path) -> None:
    bad = source(tmp_path, "login_dies")
    bad = dataclasses.replace(bad, plug=dataclasses.replace(bad.plug, account=lambda _o: Account("h:1", "me")))
    outcome = scan(tmp_path, bad)
    assert outcome.state == "incomplete"
    assert log(tmp_path).count("roots") == 2


def test_fault_063_program_a_driver_left_behind_ends_with_it(tmp_path: Path) -> None:
    """It holds the socket, so that nobody would hear of the driver's end before it, too, is gone."""
    began = time.monotonic()
    scan(tmp_path, source(tmp_path, "leave"))
    assert time.monotonic() - began < 20
    assert [f[2] for f in faults(tmp_path)] == ["DRIVER_CRASH"]
    assert not alive(tmp_path)


def test_fault_108_connector_that_closes_its_streams_goes_on(tmp_path: Path) -> None:
    assert scan(tmp_path, source(tmp_path, "close")).exit is Exit.COMPLETE
    assert paths(tmp_path) == WHOLE


def test_fault_100_connector_that_streams_without_end_is_stopped_soon(tmp_path: Path) -> None:
    began = []

    def stop(run: Run) -> None:
        if "misbehaved" in log(tmp_path):
            began.append(time.monotonic())
            run.stop.set()

    assert scan(tmp_path, source(tmp_path, "stream", times=1), tick=stop).state == "stopped"
    assert time.monotonic() - began[0] < 5
    assert not alive(tmp_path)


def test_nursery_that_can_bear_no_child_loses_none_of_its_others(tmp_path: Path) -> None:
    child = proxy(source(tmp_path))
    child.roots()
    NURSERY._send({"do": "start", "child": 0, "memory_mib": 512}, [])  # as where descriptors did not come over
    assert len(list(child.crawl(Unit("a/")))) == 2
    child.close()


def test_process_that_has_no_descriptors_left_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pipe2", full)
    with pytest.raises(SourceError, match="Too many open files"):
        proxy(source(tmp_path)).roots()


def test_nursery_that_does_not_move_is_not_left_behind(tmp_path: Path) -> None:
    nursery = Nursery()
    nursery.warm("misbehaving")
    assert nursery._process
    pid = nursery._process.pid
    os.kill(pid, signal.SIGSTOP)
    nursery.close()
    assert not Path(f"/proc/{pid}").exists()


def alive(tmp_path: Path) -> list[int]:
    """Processes named in the log that are there after a moment."""
    pids = {int(line.split()[1]) for line in (tmp_path / "bad.log").read_text().splitlines()}
    for _ in range(200):
        left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        if not left:
            return []
        time.sleep(0.02)
    return left


@pytest.mark.parametrize(
    "how",
    [
        "raise",
        "misfit",
        "surrogate",
        "holes",
        "unit",
        "nonsense",
        "garbage",
        "torn",
        "out_of_turn",
        "lie",
        "endless",
        "bulky",
    ],
)
def test_fault_108_connector_that_lies_costs_its_unit_alone(tmp_path: Path, how: str) -> None:
    outcome = scan(tmp_path, source(tmp_path, how), bound(Script(SMALL), "sound"))
    assert outcome.exit is Exit.INTERNAL
    assert [f[:3] for f in faults(tmp_path)] == [("a/", "list", "CONNECTOR_BUG")]
    assert log(tmp_path).count("misbehaved") == 1
    assert paths(tmp_path) == [p for p in WHOLE if not p.startswith("a/")]
    assert paths(tmp_path, "sound") == paths_of(SMALL)
    assert not alive(tmp_path)


def test_fault_108_noise_of_a_driver_reaches_no_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    outcome = scan(tmp_path, source(tmp_path, "print"))
    assert outcome.exit is Exit.COMPLETE
    assert paths(tmp_path) == WHOLE
    assert "NOISE" not in "".join(capfd.readouterr())


def test_fault_079_last_words_of_a_driver_are_told_without_the_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child alone has resolved it; its parent, which tells of its end, must know it all the same."""
    monkeypatch.setenv("CANARY_PW", "tulip-4711-canary")
    scan(tmp_path, source(tmp_path, "reveal_and_die", secret="env:CANARY_PW"))
    (fault,) = faults(tmp_path)
    assert "could not log in with ***" in fault[3]
    for file in (tmp_path / "catalog").rglob("*"):
        assert not file.is_file() or b"tulip-4711-canary" not in file.read_bytes()


def test_fault_081_secret_is_in_no_argument_and_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_PW", "tulip-4712-canary")
    child = proxy(source(tmp_path, secret="env:CANARY_PW"))
    child.roots()
    pid = int((tmp_path / "bad.log").read_text().split()[1])
    for place in ("cmdline", "environ"):
        assert b"tulip-4712-canary" not in Path(f"/proc/{pid}/{place}").read_bytes()
    child.close()


def test_fault_079_secret_in_a_faults_detail_is_scrubbed_by_the_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_PW", "tulip-4713-canary")
    child = proxy(source(tmp_path, "fault", at="", secret="env:CANARY_PW"))
    child.roots()
    assert Fault("a/", "note", "OTHER", "the password is ***") in list(child.crawl(Unit("")))
    child.close()


def test_fault_068_child_that_grows_makes_way_for_a_new_one(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path, "grow", at="c/", memory_mib=640))
    assert outcome.exit is Exit.COMPLETE
    assert paths(tmp_path) == WHOLE
    assert log(tmp_path).count("roots") == 2


def test_session_reaches_through_the_border(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path, requests_per_s=50))
    assert outcome.exit is Exit.COMPLETE
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog, read(catalog) as reader:
        assert reader.rows("SELECT requests FROM source") == [(1 + len(misbehaving.TREE),)]


def test_requests_granted_in_advance_are_counted(tmp_path: Path) -> None:
    scan(tmp_path, source(tmp_path))
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog, read(catalog) as reader:
        assert reader.rows("SELECT requests FROM source") == [(1 + len(misbehaving.TREE),)]


def test_stop_ends_a_silent_child_soon_and_resume_goes_on(tmp_path: Path) -> None:
    def stop(run: Run) -> None:
        if "misbehaved" in log(tmp_path):
            run.stop.set()

    began = time.monotonic()
    first = scan(tmp_path, source(tmp_path, "sleep", times=1), tick=stop)
    assert first.state == "stopped"
    assert time.monotonic() - began < 15
    assert not alive(tmp_path)
    assert scan(tmp_path, source(tmp_path, "sleep", times=1), number=first.run).state == "complete"
    assert paths(tmp_path) == WHOLE


class Looking:
    """Looks into one file, whose content cannot be had."""

    def units(self, batch: Batch) -> list[Unit]:
        return [Unit("top.txt", CONTENT)] if "top.txt" in list(map(str, batch.columns["name"])) else []

    def crawl(self, connector: Connector, unit: Unit) -> Iterator[Event]:
        assert isinstance(connector, ReadsBytes)
        connector.read("crash", 0, 1)
        yield Fault(unit.key, "note", "OTHER", "never")


def test_fault_063_driver_that_dies_over_content_costs_what_is_read_not_what_is_listed(tmp_path: Path) -> None:
    outcome = scan(tmp_path, source(tmp_path), sampling=Looking())
    assert [f[:3] for f in faults(tmp_path)] == [("top.txt", "read", "DRIVER_CRASH")]
    assert outcome.coverage == 1.0, "every folder was listed"
    assert paths(tmp_path) == WHOLE


def test_content_and_samples_pass_the_border(tmp_path: Path) -> None:
    child = proxy(source(tmp_path))
    child.roots()
    assert isinstance(child, ReadsBytes)
    assert isinstance(child, SamplesRows)
    assert child.read("x", 0, 4) == b"x:\x00\x01"
    assert child.sample("t", 2) == (("a", "b"), [("t", b"\xff"), (None, 1.5)])
    with pytest.raises(Lost, match="DRIVER_CRASH"):
        child.read("crash", 0, 1)
    with pytest.raises(SourceError):
        child.read("x", 0, 1)
    child.close()


def test_sketches_pass_the_border_and_values_do_not(tmp_path: Path) -> None:
    child = proxy(source(tmp_path))
    child.roots()
    assert isinstance(child, SketchesColumns)
    assert child.sketch("t", 2, b"k") == [("a", sketch(["t", None], b"k")), ("b", None)]
    with pytest.raises(SourceError, match="CONNECTOR_BUG"):
        child.sketch("garbage", 2, b"k")
    child.close()


@pytest.mark.parametrize(
    "value",
    [
        None, [["a"]], [[1, None]], [["a", [1, 0, 1, [1], True]]], [["a", [1, 0, True, [1], True, False]]],
        [["a", [1, 0, 1, [1 << 64], True, False]]], [["a", [1, 0, 1, ["x"], True, False]]],
        [["a", [1, 0, 1, [1], 1, False]]], [["a", [1, 0, 1, [1] * 2000, True, False]]],
        [["a", [-1, 0, 1, [1], True, True]]],
    ],
)  # fmt: skip
def test_what_is_no_sketch_is_garbage(value: object) -> None:
    with pytest.raises(wire.Garbage):
        wire.sketches(value)


def test_child_ends_with_its_parent(tmp_path: Path) -> None:
    code = """
import sys, os; sys.path[:0] = [sys.argv[1]]
from pathlib import Path
import test_apart as t
child = t.proxy(t.source(Path(sys.argv[2]), "sleep")); child.roots()
print("up", flush=True)
for _ in child.crawl(t.Unit("a/")): pass
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)], stdout=subprocess.PIPE,
    )  # fmt: skip
    assert parent.stdout
    assert parent.stdout.readline() == b"up\n"
    for _ in range(200):
        if "misbehaved" in log(tmp_path):
            break
        time.sleep(0.02)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    assert not alive(tmp_path)


def test_nursery_that_was_killed_is_replaced(tmp_path: Path) -> None:
    scan(tmp_path / "one", source(tmp_path))
    assert NURSERY._process
    os.kill(NURSERY._process.pid, signal.SIGKILL)
    NURSERY._process.wait(10)
    scan(tmp_path / "two", source(tmp_path))
    assert paths(tmp_path / "two") == WHOLE


def test_wire_types_are_those_of_the_catalog() -> None:
    from scanner.catalog.parts import ADDRESS, arrow_schema  # noqa: PLC0415

    for schema in SCHEMAS.values():
        fields = list(arrow_schema(schema))[len(ADDRESS) :]
        assert [f.type for f in fields] == [wire.ARROW[c.type] for c in schema.columns]


def test_large_batches_travel_in_slices() -> None:
    rows = wire.SLICE * 2 + 1
    batch = Batch(ENTRY, {"parent": [""] * rows, "name": [str(n) for n in range(rows)], "kind": ["file"] * rows})
    got = [wire.unpack(memoryview(body)) for body in wire.pack(batch)]
    assert [len(b) for b in got] == [wire.SLICE, wire.SLICE, 1]
    assert [n for b in got for n in b.columns["name"].to_pylist()] == batch.columns["name"]  # type: ignore[attr-defined]
