"""The estate file: every mistake is told with its line, no secret is ever repeated."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.codes import StocktakeError
from scanner.config import Lines, parse
from scanner.registry import bind_all

GOOD = """version = 1
title = "Northmoor"

[limits]
connections = 2

[[sources]]
name = "files"
type = "file"
root = '/srv/share'
hours = "19:00-06:00"

[[stores]]
name = "archive"
locator = "s3://archive"
"""


def refused(text: str) -> StocktakeError:
    with pytest.raises(StocktakeError) as caught:
        bind_all(parse(text), Lines(text, "estate.toml"))
    return caught.value


def test_a_good_file_is_read_and_limits_are_inherited() -> None:
    estate = parse(GOOD)
    source = estate.sources[0]
    assert source.limits.connections == 2
    assert source.limits.hours == "19:00-06:00"
    assert source.options == {"root": "/srv/share"}
    assert estate.stores[0].name == "archive"


@pytest.mark.parametrize(
    ("change", "code", "where", "words"),
    [
        (("title =", "titel ="), "CONFIG_UNKNOWN_KEY", "estate.toml:2", 'Did you mean "title"?'),
        (("connections = 2", "conections = 2"), "CONFIG_UNKNOWN_KEY", "estate.toml:5", 'Did you mean "connections"?'),
        (("root =", "rot ="), "CONFIG_UNKNOWN_KEY", "estate.toml:10", 'Did you mean "root"?'),
        (("connections = 2", "connections = 0"), "CONFIG_INVALID", "estate.toml:5", "greater than or equal to 1"),
        (("version = 1", "version = 2"), "CONFIG_INVALID", "estate.toml:1", "less than or equal to 1"),
        (("19:00-06:00", "evenings"), "CONFIG_INVALID", "estate.toml:11", "HH:MM-HH:MM"),
        (('type = "file"', 'type = "tape"'), "CONNECTOR_UNKNOWN", "estate.toml:9", "is none of"),
        (('"Northmoor"', '"North'), "CONFIG_SYNTAX", "estate.toml", "line 2"),
        (("'/srv/share'", '"\\\\fs01\\share"'), "CONFIG_SYNTAX", "estate.toml", "single quotes"),
        (("[[stores]]", "[[sources]]"), "CONFIG_INVALID", "estate.toml:13", "type"),
        (("version = 1", "a = " + "[" * 3000), "CONFIG_SYNTAX", "estate.toml", "nested"),
        (("connections = 2", "connections = " + "9" * 5000), "CONFIG_SYNTAX", "estate.toml", "number too long"),
    ],
)
def test_a_mistake_is_told_with_its_line(change: tuple[str, str], code: str, where: str, words: str) -> None:
    error = refused(GOOD.replace(*change))
    assert (error.code.code, error.where) == (code, where)
    assert words in error.detail
    assert int(error.code.exit) == 2


def test_a_literal_password_is_refused_and_not_repeated() -> None:
    text = (
        GOOD
        + """
[[sources]]
name = "share"
type = "smb"
root = '\\\\fs01\\finance'
user = 'CORP\\scan'
password = "hunter2-canary"
"""
    )
    error = refused(text)
    assert error.code.code == "SECRET_LITERAL"
    assert error.where == f"estate.toml:{text[: text.index('password')].count(chr(10)) + 1}"
    assert "hunter2" not in str(error)


def test_two_sources_of_one_name_are_refused() -> None:
    text = GOOD + "\n[[sources]]\nname = 'files'\ntype = 'file'\nroot = '/x'\n"
    assert "files" in refused(text).detail


def test_a_byte_order_mark_does_no_harm() -> None:
    assert parse("\ufeff" + GOOD).title == "Northmoor"


@given(st.text(max_size=300))
def test_any_text_gives_an_estate_or_an_error_for_a_person(text: str) -> None:
    with contextlib.suppress(StocktakeError):
        assert parse(text).version == 1
