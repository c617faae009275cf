"""The register of faults: every grave one is answered by a test, or says why it has none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from docs.faults import numbers, proofs, register


def test_every_grave_fault_has_a_test_or_a_reason() -> None:
    proved = {number for proof in proofs() for number in proof.faults}
    bare = [
        f"{fault.number} ({fault.what})"
        for fault in register()
        if fault.priority < 2 and fault.number not in proved and not fault.untested
    ]
    assert not bare, f"neither test nor reason: {', '.join(bare)}"


def test_no_reason_stands_beside_a_test() -> None:
    proved = {number for proof in proofs() for number in proof.faults}
    assert not [fault.number for fault in register() if fault.untested and fault.number in proved]


def test_tests_carry_numbers_that_exist() -> None:
    known = {fault.number for fault in register()}
    strange = {
        (p.name, n) for p in proofs() for n in p.faults if p.file.startswith("tests/") and n < 78 and n not in known
    }
    assert not strange


@pytest.mark.parametrize(
    ("name", "doc", "expected"),
    [
        ("test_fault_021_denied_subtree", "", (21,)),
        ("test_fault_039_047_one_attempt", "", (39, 47)),
        ("test_a_denied_subtree", "One fault. Faults 21 and 22.", (21, 22)),
        ("test_a_default_021", "It is not our fault 21 times.", ()),
        ("test_smb_fault_045_hangs[x]", "", (45,)),
    ],
)
def test_numbers_are_read_from_name_and_docstring(name: str, doc: str, expected: tuple[int, ...]) -> None:
    assert numbers(name, doc) == expected
