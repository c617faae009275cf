"""The engine: each promise of a scan, against a connector that follows a script."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scripted import Script, bound, inventory, paths_of, scan, tree

from scanner.catalog import Catalog, locate, read
from scanner.codes import Exit, StocktakeError
from scanner.connector import Account
from scanner.crawl import Run, worker
from scanner.model import Event, SourceError, Unit

SMALL = tree(3, 3)


def faults(folder: Path) -> list[tuple[str, str, str]]:
    with Catalog.open(locate(str(folder / "catalog"))) as catalog, read(catalog) as reader:
        return reader.rows("SELECT path, op, reason FROM fault ORDER BY ALL")


def test_every_entry_is_kept_once(tmp_path: Path) -> None:
    script = Script(SMALL)
    outcome = scan(tmp_path, bound(script))
    assert (outcome.state, outcome.exit, outcome.coverage) == ("complete", Exit.COMPLETE, 1.0)
    assert [row[1] for row in inventory(tmp_path)] == paths_of(SMALL)
    assert sorted(script.crawled) == sorted(SMALL)
    assert script.opened == 0


def test_transient_failure_is_retried_and_leaves_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.001)
    failed: set[str] = set()

    def once(unit: Unit) -> None:
        if unit.key.count("/") == 1 and unit.key not in failed:
            failed.add(unit.key)
            raise SourceError("UNREACHABLE", "reset", transient=True)

    outcome = scan(tmp_path, bound(Script(SMALL, once)))
    assert failed == {"d0/", "d1/", "d2/"}
    assert outcome.state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(SMALL)


def test_rows_written_before_a_retry_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge unit's parts are written early; when its attempt fails, they are dropped."""
    monkeypatch.setattr(worker, "FIRST_BACKOFF_S", 0.001)
    monkeypatch.setattr(worker, "FLUSH_ROWS", 2)
    tries: list[str] = []

    def twice(unit: Unit) -> None:
        tries.append(unit.key)
        if tries.count(unit.key) <= 2:
            raise SourceError("UNREACHABLE", "reset", transient=True)

    outcome = scan(tmp_path, bound(Script(SMALL, twice)))
    assert outcome.exit is Exit.COMPLETE
    assert [row[1] for row in inventory(tmp_path)] == paths_of(SMALL)


def test_lasting_failure_keeps_what_was_given_and_is_a_gap(tmp_path: Path) -> None:
    def denied(unit: Unit) -> None:
        if unit.key == "d1/":
            raise SourceError("IO_ERROR", "disk", transient=False)

    outcome = scan(tmp_path, bound(Script(SMALL, denied)))
    assert (outcome.state, outcome.exit) == ("incomplete", Exit.GAPS)
    assert ("d1/", "list", "IO_ERROR") in faults(tmp_path)
    assert "LEDGER_IMBALANCE" not in {f[2] for f in faults(tmp_path)}
    assert [row[1] for row in inventory(tmp_path)] == paths_of(SMALL)
    assert outcome.coverage is not None
    assert outcome.coverage < 1


def test_fault_111_one_source_failing_leaves_the_others_alone(tmp_path: Path) -> None:
    def refuse() -> None:
        raise SourceError("ROOT_MISSING", "gone", where="/nowhere")

    outcome = scan(tmp_path, bound(Script(SMALL, on_roots=refuse), "broken"), bound(Script(SMALL), "sound"))
    assert (outcome.state, outcome.exit) == ("incomplete", Exit.CONFIGURATION)
    assert {row[0] for row in inventory(tmp_path)} == {"sound"}
    assert ("", "list", "ROOT_MISSING") in faults(tmp_path)


def test_fault_108_connector_bug_costs_its_unit_alone(tmp_path: Path) -> None:
    def bug(unit: Unit) -> None:
        if unit.key == "d1/":
            raise ZeroDivisionError("oops")

    outcome = scan(tmp_path, bound(Script(SMALL, bug)))
    assert outcome.exit is Exit.INTERNAL
    assert ("d1/", "list", "CONNECTOR_BUG") in faults(tmp_path)
    assert len(inventory(tmp_path)) == len(paths_of(SMALL)) - 6


def test_a_lying_ledger_is_told(tmp_path: Path) -> None:
    script = Script({"": ["a", "b"]})
    source = bound(script)

    class Liar(type(source.open(None))):  # type: ignore[arg-type,misc]
        def crawl(self, unit: Unit) -> Iterator[Event]:
            for event in super().crawl(unit):
                if getattr(event, "schema", None) is not None and event.schema.name == "listing":
                    event.columns["listed"][0] = 3
                yield event

    import dataclasses  # noqa: PLC0415

    plug = dataclasses.replace(source.plug, open=lambda _o, session: Liar(script, session))
    outcome = scan(tmp_path, dataclasses.replace(source, plug=plug))
    assert outcome.exit is Exit.INTERNAL
    assert ("", "list", "LEDGER_IMBALANCE") in faults(tmp_path)


def test_stop_and_resume_give_the_inventory_of_an_uninterrupted_scan(tmp_path: Path) -> None:
    script = Script(SMALL)

    def stop(run: Run) -> None:
        if len(script.crawled) > 5:
            run.stop.set()

    slow = bound(script, connections=1, requests_per_s=400)
    first = scan(tmp_path, slow, tick=stop)
    assert first.state == "stopped"
    assert 0 < len(inventory(tmp_path)) < len(paths_of(SMALL))
    second = scan(tmp_path, bound(script), number=first.run)
    assert second.state == "complete"
    assert [row[1] for row in inventory(tmp_path)] == paths_of(SMALL)
    assert len(script.crawled) < len(SMALL) + 4, "units that were done are not crawled again"


def test_fault_039_wrong_password_is_one_attempt_over_scans(tmp_path: Path) -> None:
    account = Account("host:22", "me")
    script = Script(SMALL, on_roots=lambda: (_ for _ in ()).throw(SourceError("AUTH_REFUSED", "no", where="me@host")))
    for _ in range(3):
        outcome = scan(tmp_path, bound(script, "a", account), bound(script, "b", account))
        assert outcome.exit is Exit.AUTH
    assert script.logins == 1


def test_fault_047_credential_that_fails_in_mid_scan_is_tried_once_more_and_ends_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password changed during the scan: every further unit would log in again, and lock the account out."""
    monkeypatch.setattr("scanner.crawl.worker.FIRST_BACKOFF_S", 0.001)
    refused: list[str] = []
    changed = threading.Event()

    def log_in() -> None:
        if changed.is_set():
            refused.append("attempt")
            raise SourceError("AUTH_REFUSED", "wrong password", where="svc at nas01:445")

    def lose(unit: Unit) -> None:
        if unit.key:
            changed.set()
            raise SourceError("UNREACHABLE", "connection lost", where="nas01", transient=True)

    script = Script(tree(3, 2), before=lose, on_roots=log_in)
    account = Account("nas01:445", "svc")
    assert scan(tmp_path, bound(script, account=account)).exit is Exit.GAPS
    assert len(refused) == 1
    assert scan(tmp_path, bound(script, account=account)).exit is Exit.AUTH
    assert len(refused) == 1


def test_fault_078_refusal_that_a_connector_meets_by_itself_ends_the_source(tmp_path: Path) -> None:
    """A connector may log in anew within a unit; its next unit must not give it the chance to do so again."""
    refused: list[str] = []

    def refuse(unit: Unit) -> None:
        if unit.key:
            refused.append(unit.key)
            raise SourceError("AUTH_REFUSED", "wrong password", where="svc at nas01:445")

    script = Script(tree(3, 1), before=refuse)
    account = Account("nas01:445", "svc")
    assert scan(tmp_path, bound(script, account=account, connections=1)).exit is Exit.GAPS
    assert len(refused) == 1
    assert scan(tmp_path, bound(script, account=account)).exit is Exit.AUTH
    assert len(refused) == 1


def test_fault_010_emitted_twice_is_crawled_once(tmp_path: Path) -> None:
    script = Script({"": ["a/", "a/"], "a/": ["x"]})
    scan(tmp_path, bound(script))
    assert script.crawled == ["", "a/"]


def test_excluded_folder_is_named_and_not_crawled(tmp_path: Path) -> None:
    script = Script(SMALL)
    source = bound(script)
    config = source.config.model_copy(update={"exclude": ("*/d1/",)})
    import dataclasses  # noqa: PLC0415

    outcome = scan(tmp_path, dataclasses.replace(source, config=config))
    assert outcome.exit is Exit.COMPLETE
    assert ("d1/", "descend", "EXCLUDED") in faults(tmp_path)
    assert not any("d1/" in key for key in script.crawled)


def test_fault_045_hung_source_is_given_up_and_the_others_done(tmp_path: Path) -> None:
    import threading  # noqa: PLC0415

    never = threading.Event()
    hung = bound(Script(SMALL, lambda unit: never.wait() if unit.key == "d0/" else None), "hung", hang_s=0.3)
    try:
        outcome = scan(tmp_path, hung, bound(Script(SMALL), "sound"))
    finally:
        never.set()
    assert outcome.exit in {Exit.UNREACHABLE, Exit.GAPS}
    assert ("", "list", "FAILED_HUNG") in faults(tmp_path)
    assert len([r for r in inventory(tmp_path) if r[0] == "sound"]) == len(paths_of(SMALL))


def test_fault_106_second_scan_finds_the_catalog_locked(tmp_path: Path) -> None:
    location = locate(str(tmp_path / "catalog"))
    with Catalog.open(location, create=True) as one, Catalog.open(location) as two:
        one.lock()
        with pytest.raises(StocktakeError, match="CATALOG_LOCKED pid"):
            two.lock()


def test_huge_units_flush_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "FLUSH_ROWS", 10)
    many = {"": [f"d{n}/" for n in range(5)], **{f"d{n}/": [f"f{i}" for i in range(40)] for n in range(5)}}
    scan(tmp_path, bound(Script(many)))
    assert [row[1] for row in inventory(tmp_path)] == paths_of(many)
    with Catalog.open(locate(str(tmp_path / "catalog"))) as catalog:
        assert catalog.check()[0] > 5
