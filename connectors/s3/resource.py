"""What of a bucket a policy's resource names, and the policy language's patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scanner import paths

_STARS = re.compile(r"\*+")
_WILD = re.compile(r"[*?]|\$\{")
_LONGEST_KEY = 1024
"""Bytes of the longest key (S3 User Guide, "Naming Amazon S3 objects")."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What a resource names of a bucket: the ``bucket`` itself, or objects beneath a folder, or one object.

    ``limit`` says which of those objects, where that is not all of them.
    """

    bucket: bool
    beneath: str = ""
    single: bool = False
    limit: str = ""


def hit(text: str, pattern: str) -> bool:
    """Whether a pattern means the text; ``*`` and ``?`` are all that the language knows, ``[`` means itself."""
    pattern = _STARS.sub("*", pattern)
    if len(pattern) > 2 * len(text) + 1:  # more than stars between so many letters: it cannot, and would take long
        return False
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def name_of(resource: object) -> str:
    """Bucket and key of a resource's ARN."""
    text = str(resource)
    arn = text.split(":", 5)
    return arn[5] if len(arn) == 6 else text.rpartition(":")[2]


def places_of(name: str, bucket: str) -> Iterator[Place]:
    """What of the bucket the name of a resource covers; nothing when it is another bucket's."""
    name = _STARS.sub("*", name)
    if hit(bucket, name):
        yield Place(True)
    holder, slash, key = name.partition("/")
    if _WILD.search(holder):
        yield from _places_of_wild(name, bucket)
        return
    if not slash or not key or holder != bucket:
        return
    wild = _WILD.search(key)
    literal = key[: wild.start()] if wild else key
    if len(literal.encode("utf-8", "surrogatepass")) > _LONGEST_KEY:
        return
    if wild is None:
        yield Place(False, paths.canonical_text(key), single=True)
        return
    folder = literal[: literal.rfind("/") + 1]
    limit = "" if key == f"{folder}*" else f"on keys like {key}"
    yield Place(False, paths.canonical_text(folder.removesuffix("/")), limit=limit)


def _places_of_wild(name: str, bucket: str) -> Iterator[Place]:
    """Objects that a pattern covers whose wildcard stands before the key: it may take in any part of that as well."""
    every = f"{bucket}/"
    if name.endswith("*") and hit(every, name):
        yield Place(False)
        return
    longest = min(len(name), 2 * len(every) + 1)
    if any(hit(every, name[:end]) for end in range(1, longest + 1)):
        yield Place(False, limit=f"on keys like {name}")
