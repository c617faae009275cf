"""Canonical names: reversible, injective, readable."""

from hypothesis import given
from hypothesis import strategies as st

from scanner import paths


@given(st.binary())
def test_every_name_comes_back_exactly(name: bytes) -> None:
    assert paths.restore(paths.canonical(name)) == name


@given(st.binary(), st.binary())
def test_two_names_never_share_a_text(one: bytes, other: bytes) -> None:
    assert (paths.canonical(one) == paths.canonical(other)) == (one == other)


@given(st.binary())
def test_canonical_text_can_be_stored_anywhere(name: bytes) -> None:
    paths.canonical(name).encode("utf-8")


@given(st.text(alphabet=st.characters()))
def test_ill_formed_unicode_comes_back_exactly(name: str) -> None:
    assert paths.restore_text(paths.canonical_text(name)) == name


@given(st.text())
def test_a_segment_holds_no_slash_and_comes_back(name: str) -> None:
    assert "/" not in paths.segment(name)
    assert paths.restore_text(paths.segment(name)) == name


@given(st.text(alphabet="ab/"))
def test_split_loses_nothing(path: str) -> None:
    parent, name = paths.split(path)
    assert parent + name == path
    assert "/" not in name


def test_plain_names_stay_as_they_are() -> None:
    assert paths.canonical("Übersicht 2019.xlsx".encode()) == "Übersicht 2019.xlsx"
    assert paths.canonical(b"caf\xe9") == r"caf\xE9"
    assert paths.canonical(rb"a\b") == r"a\\b"


def test_printable_escapes_what_could_fool_a_reader() -> None:
    assert paths.printable("a\x1b[2Jb\n\u202egpj.exe") == r"a\x1b[2Jb\n\u202egpj.exe"
    assert paths.printable("Übersicht") == "Übersicht"


def test_base64_only_where_the_text_is_not_exact() -> None:
    assert paths.path_b64("plain") is None
    assert paths.path_b64(r"caf\xE9") == "Y2Fm6Q=="
