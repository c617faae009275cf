"""Pages of keys, read in the quick way and as XML: both say the same, whatever the keys, and only of sound answers."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.s3.answer import decode_keys, read_any_page, read_page
from connectors.s3.listing import Page
from scanner.testing.s3_double import page

HOSTILE = st.sampled_from([b"&amp;", b"]]>", b"<Key>", b"%", b"+", b"%2", b"%41", b"%0A", b"\n", b"\0", b"/", b"\xff"])
KEYS = st.lists(st.lists(st.binary(min_size=1, max_size=4) | HOSTILE, min_size=1, max_size=5).map(b"".join), max_size=8)
ROW = (
    b"<Contents><Key>a</Key><LastModified>2024-02-29T12:34:56.789Z</LastModified><ETag>&quot;e-1&quot;</ETag>"
    b"<Size>7</Size><StorageClass>GLACIER</StorageClass></Contents>"
)
HEAD = b"<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
TAIL = b"</ListBucketResult>"


def plain(found: Page | None) -> tuple[object, ...]:
    """A page as plain values."""
    assert found is not None
    columns = [found.keys, found.sizes, found.modified, found.etags, found.classes]
    return (*(getattr(c, "to_pylist", lambda c=c: list(c))() for c in columns), found.token, list(found.folders))


@settings(deadline=None)
@given(KEYS)
def test_both_ways_say_the_same_of_any_keys(keys: list[bytes]) -> None:
    body = page(keys, "token").body
    assert plain(read_page(body)) == plain(read_any_page(body))
    assert plain(read_page(body))[0] == keys


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=4))
def test_many_different_escapes_are_decoded(keys: list[bytes]) -> None:
    assert decode_keys([quote(key, safe="").replace("%20", "+").encode() for key in keys] or [b"a"]) == (keys or [b"a"])


@settings(deadline=None)
@given(st.lists(st.text("%+2541aA0 ", min_size=1), min_size=1))
def test_ill_formed_escapes_are_taken_as_the_general_way_takes_them(texts: list[str]) -> None:
    body = HEAD + b"".join(ROW.replace(b"<Key>a<", f"<Key>{text}<".encode()) for text in texts) + TAIL
    assert plain(read_page(body)) == plain(read_any_page(body))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"GLACIER", b"GLACIER<!-- -->"),
        (b"<Size>7</Size>", b""),
        (b"<Size>7</Size>", b"<Size> 7</Size>"),
        (b"<Size>7</Size>", b"<Size>99999999999999999999</Size>"),
        (b"<Size>7</Size>", b"<Size>7</Size><Owner><ID>1</ID></Owner>"),
        (b"2024-02-29", b"2023-02-29"),
        (b"12:34:56", b"25:34:56"),
        (b".789Z", b""),
        (b".789Z", b".78987654321Z"),
        (b"<Key>a", b"<Key>&lt;a"),
        (b"<Key>a", "<Key>é".encode()),
        (b"&quot;e-1&quot;", b"e-1"),
        (b"&quot;e-1&quot;", b"&amp;"),
        (b"<Contents>", b"<Contents >"),
        (b"</Contents>", b"</Contents>\n"),
    ],
)
def test_rows_that_differ_are_read_as_xml(old: bytes, new: bytes) -> None:
    body = HEAD + ROW + ROW.replace(old, new) + TAIL
    assert plain(read_page(body)) == plain(read_any_page(body))


@pytest.mark.parametrize(
    "body",
    [
        HEAD + ROW,
        HEAD + ROW + b"</Other>",
        HEAD + ROW + b"<Contents>" + TAIL,
        HEAD + b"<A>" + ROW + TAIL,
        HEAD + ROW + b"\x01" + TAIL,
    ],
)
def test_what_is_broken_around_the_rows_is_broken(body: bytes) -> None:
    with pytest.raises(ValueError, match="broken"):
        read_page(body)


def test_rows_inside_a_comment_are_none() -> None:
    found = read_page(HEAD + b"<!-- " + ROW + b" -->" + TAIL)
    assert found is not None
    assert not found.keys


def test_folders_come_with_the_keys_beside_them() -> None:
    folders = b"<CommonPrefixes><Prefix>x+y/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>%C3%A9/</Prefix>"
    found = read_page(HEAD + ROW + folders + b"</CommonPrefixes>" + TAIL)
    assert found is not None
    assert found.keys == [b"a"]
    assert found.folders == [b"x y/", "é/".encode()]
