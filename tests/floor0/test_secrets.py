"""Secrets: by reference, resolved late, scrubbed everywhere."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from scanner.model import SourceError
from scanner.secrets import SecretRef, remember, scrub


class Options(BaseModel):
    password: SecretRef


def test_a_reference_is_resolved_and_then_scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKTAKE_TEST_PW", "s3cret/& value")
    options = Options(password="env:STOCKTAKE_TEST_PW")
    assert options.password.reveal() == "s3cret/& value"
    assert "s3cret" not in repr(options) + options.model_dump_json()
    encoded = base64.b64encode(b"s3cret/& value").decode()
    for form in ("s3cret/& value", "s3cret%2F%26%20value", encoded):
        assert scrub(f"failed with {form} there") == "failed with *** there" or "s3cret" not in scrub(form)


def test_a_literal_is_refused_without_being_repeated() -> None:
    with pytest.raises(ValidationError) as caught:
        Options(password="hunter2")
    message = caught.value.errors(include_input=False)[0]["msg"]
    assert "SECRET_LITERAL" in message
    assert "hunter2" not in message


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SourceError, match="NO_SUCH_THING_HERE"):
        SecretRef("env:NO_SUCH_THING_HERE").reveal()


def test_a_file_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_text("from-a-file\n")
    file.chmod(0o644)
    with pytest.raises(SourceError, match="0644"):
        SecretRef(f"file:{file}").reveal()
    file.chmod(0o600)
    assert SecretRef(f"file:{file}").reveal() == "from-a-file"


def test_short_values_do_not_blank_out_ordinary_text() -> None:
    remember("a")
    assert scrub("banana") == "banana"
