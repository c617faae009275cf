"""Conditions of policy statements: which limit nobody, and which admit one organisation."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

_EQUALS = ("stringequals", "stringequalsignorecase")
_WIDE = 1
"""Bits of a network so wide that, with its other half, it is every address."""


def limits_nobody(condition: object) -> bool:
    """Whether everybody meets it, logged in or not."""
    return all(
        (key == "aws:securetransport" and operator in ("bool", "boolifexists") and values == ["true"])
        or (key == "s3:tlsversion" and operator.startswith("numericgreaterthan"))
        or (key == "aws:sourceip" and operator.startswith("ipaddress") and any(map(_any_address, values)))
        or (key.startswith("aws:principal") and _met_by_nobody_in_particular(operator, values))
        for operator, key, values in _tests(condition)
    )


def _met_by_nobody_in_particular(operator: str, values: list[str]) -> bool:
    """Whether a test of who asks is met where nobody has logged in, since then there is nothing to be tested.

    Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (undated).
    """
    if operator == "null":
        return values == ["true"]
    return operator.endswith("ifexists") or operator.startswith("forallvalues:") or "not" in operator


def organisation_of(condition: object) -> str:
    """The one organisation that a condition admits, where it says nothing else."""
    tests = list(_tests(condition))
    named = [v for operator, key, v in tests if operator in _EQUALS and key == "aws:principalorgid"]
    return ", ".join(named[0]) if named and len(tests) == 1 else ""


def _tests(condition: object) -> Iterator[tuple[str, str, list[str]]]:
    """Operator, key and values of each test, in lower case; one that is unreadable is a test as well."""
    if not isinstance(condition, dict):
        yield "", "", []
        return
    for operator, keys in condition.items():
        if not isinstance(keys, dict):
            yield str(operator).lower(), "", []
            continue
        for key, values in keys.items():
            yield str(operator).lower(), str(key).lower(), [str(v).lower() for v in many(values)]


def _any_address(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).prefixlen <= _WIDE
    except ValueError:
        return False


def many(value: object) -> Iterable[object]:
    """One or several, as the policy language lets both be written."""
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
