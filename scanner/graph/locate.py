"""Decides which store a locator names: a URL, a UNC path or a path that content quotes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.results import Store


def plain(locator: str) -> str:
    """A locator as it is compared: slashes one way, scheme and host in lower case, no closing slash."""
    text = locator.strip().replace("\\", "/").rstrip("/")
    scheme, found, rest = text.partition("://")
    if found:
        host, slash, path = rest.partition("/")
        return f"{scheme.lower()}://{host.rpartition('@')[2].lower()}{slash}{path}"
    if text.startswith("//"):
        host, slash, path = text[2:].partition("/")
        return f"//{host.lower()}{slash}{path}"
    return text


def places(sources: Iterable[tuple[str, str]], stores: Iterable[Store]) -> dict[str, str]:
    """Store id by plain locator: the sources' own, their stores beneath them, and buckets by their global name."""
    known: dict[str, str] = {}
    own = {name: plain(locator) for name, locator in sources if locator.strip()}
    for store in stores:
        base = own.get(store.source)
        if base is not None:
            known.setdefault(f"{base}/{store.path}" if store.path else base, store.id)
        if store.kind == "bucket" and store.path:
            known.setdefault(f"s3://{store.path}", store.id)
    return known


def locate(locator: str, known: Mapping[str, str]) -> str | None:
    """The store whose locator this is, or begins with at a slash; None where no scanned store is meant."""
    text = plain(locator)
    while text:
        if text in known:
            return known[text]
        text = text.rpartition("/")[0]
    return None
