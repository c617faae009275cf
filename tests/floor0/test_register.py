"""The register as a file of its own: read beside the estate file, and every mistake told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.codes import StocktakeError
from scanner.registry import read_estate


def estate(folder: Path, register: str, text: str, own: str = "") -> Path:
    (folder / register).write_text(text, encoding="utf-8-sig")
    file = folder / "estate.toml"
    file.write_text(f'version = 1\nregister = "{register}"\n{own}')
    return file


def test_a_csv_beside_the_estate_file_is_read_in_any_order_of_columns(tmp_path: Path) -> None:
    text = "Locator;Name;Owner\n# a remark\n\\\\nas7\\hr;People;HR Systems\n\ns3://archive;Archive;\n"
    own = '[[stores]]\nname = "own"\nlocator = "s3://own"\n'
    stores = read_estate(estate(tmp_path, "stores.csv", text, own))[0].stores
    assert [(s.name, s.locator, s.owner) for s in stores] == [
        ("own", "s3://own", None),
        ("People", "\\\\nas7\\hr", "HR Systems"),
        ("Archive", "s3://archive", None),
    ]


def test_a_toml_holds_the_tables_of_the_estate_file(tmp_path: Path) -> None:
    text = "[[stores]]\nname = 'a'\nlocator = 'sftp://drop/in'\nowner = 'Records'\n"
    (store,) = read_estate(estate(tmp_path, "known.toml", text))[0].stores
    assert (store.name, store.locator, store.owner) == ("a", "sftp://drop/in", "Records")


@pytest.mark.parametrize(
    ("register", "text", "code", "line"),
    [
        ("r.csv", "name,locator,owner\na,s3://a\n", "CONFIG_INVALID", 2),
        ("r.csv", "name,locator\na,s3://a\n,s3://b\n", "CONFIG_INVALID", 3),
        ("r.csv", "name,locator\na,s3://a\nb,s3://b\na,s3://c\n", "CONFIG_INVALID", 4),
        ("r.csv", "name,place\na,s3://a\n", "CONFIG_INVALID", 1),
        ("r.csv", "name,locator,price\na,s3://a,1\n", "CONFIG_UNKNOWN_KEY", 1),
        ("r.csv", "name,locator\na,sftp://u:c4n4ry-w0rd@h/x\n", "SECRET_LITERAL", 2),
        ("r.toml", "[[stores]]\nname = 'a'\nlocater = 's3://a'\n", "CONFIG_UNKNOWN_KEY", 3),
        ("r.toml", "[[stores]]\nname='a'\nlocator='x'\n[[stores]]\nname='a'\nlocator='y'\n", "CONFIG_INVALID", 5),
        ("r.toml", "title = 'x'\n", "CONFIG_INVALID", 1),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path: Path, register: str, text: str, code: str, line: int) -> None:
    with pytest.raises(StocktakeError) as caught:
        read_estate(estate(tmp_path, register, text))
    assert caught.value.code.code == code
    assert caught.value.where == f"{tmp_path / register}:{line}"
    assert "c4n4ry" not in str(caught.value) + caught.value.detail


def test_a_register_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    file = tmp_path / "estate.toml"
    file.write_text('version = 1\nregister = "gone.csv"\n')
    with pytest.raises(StocktakeError) as caught:
        read_estate(file)
    assert (caught.value.code.code, caught.value.where) == ("CONFIG_INVALID", f"{file}:2")
