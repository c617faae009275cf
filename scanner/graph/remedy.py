"""What has to be changed at a reference once what it refers to has moved: one plain sentence for each kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from scanner.results import Asset, Edge, PlaceOf, Reference

_DRIVE = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]):(?![\\/]{2})")

_PAIR = re.compile(r"[A-Za-z][A-Za-z _]{0,40}=")

_DECLARED: Mapping[str, str] = {
    "foreign_key": "Drop {what} before the move, and create it again once both tables are in one database.",
    "fires_on": "Create the trigger {own} again on the moved table.",
    "default": "Give {own} a sequence of its own, or create the sequence again beside it.",
    "foreign_table": "Re-create foreign table {own} against the new server.",
    "foreign_server": "Re-create the foreign server of {own} and its user mappings for the new server.",
    "external_table": "Re-create external table {own} over the new place.",
    "linked_server": "Re-point linked server {quoted} to the new server.",
    "server_link": "Re-point linked server {quoted} to the new server.",
    "database_link": "Re-create database link {quoted} with the new address.",
    "db_link": "Re-create database link {quoted} with the new address.",
    "synonym": "Re-create synonym {own} for the new name.",
    "federated": "Re-create federated table {own} with the new connection.",
    "replication": "Stop replication, and set it up again from the new server.",
    "publication": "Stop replication, and set it up again from the new server.",
    "subscription": "Drop subscription {own}, and create it again with the new connection.",
    "job": "Change the job {own}, so that it runs against the new place.",
    "copy_of": "Decide which copy counts; nothing refers to the other by name.",
    "inferred_key": "See whether the {what} is meant: nothing refuses rows that break it.",
    "reads": "Change {own} to read {target} from its new place, or let a foreign table stand in for it.",
    "writes": "Change {own} to write {target} at its new place, or let a foreign table stand in for it.",
    "calls": "Change {own} to call {target} at its new place.",
}
"""By kind of edge, where it alone says what to do."""

_LINKS = frozenset({"linked_server", "server_link", "database_link", "db_link"})
"""Kinds whose place names the link itself as its part."""

_QUOTED: Mapping[str, str] = {
    "connection_string": "Change the connection string in {where} to the new server.",
    "server_link": "Re-point linked server {quoted} to the new server.",
    "unc": "Change the UNC path in {where} to the new share.",
    "path": "Change the path in {where} to the new place.",
    "host": "Change the host in {where} to the new one.",
    "reference": "Give {quoted}, used in {where}, its new target where that name is defined.",
    "table": "Change the name in {where}, or keep {quoted} reachable under it.",
    "sql": "Change the statement in {where} to the new names, or keep the old ones reachable.",
    "dsn": "Change the data source {quoted}, used in {where}, to the new server.",
}
"""By kind of mention."""

_URLS: Mapping[str, str] = {
    "s3": "Change the bucket in {where}, with its endpoint and keys, to the new one.",
    "sftp": "Change the host in {where} to the new one, and let it trust the new host key.",
    "scp": "Change the host in {where} to the new one, and let it trust the new host key.",
    "ssh": "Change the host in {where} to the new one, and let it trust the new host key.",
    "ftp": "Change the host in {where} to the new one.",
    "file": "Change the path in {where} to the new place.",
    "smb": "Change the share in {where} to the new one.",
    "nfs": "Change the export in {where} to the new one.",
}


def change(
    edge: Edge, place: PlaceOf, source: Asset | None, target: Asset | None, reference: Reference | None, quoted: str
) -> str:
    """The sentence for one place of an edge: what to change there, once ``target`` has moved."""
    link = place.part if edge.kind in _LINKS else None
    words = {
        "where": where(place), "quoted": link or _short(quoted) or "it",
        "what": _small(edge.evidence) or "the foreign key", "own": _own(edge, place, source),
        "target": (target.title or target.id) if target else edge.target,
    }  # fmt: skip
    kind = reference.kind if reference else _kind_of(quoted)
    if edge.kind in _DECLARED and (reference is None or not place.line):
        return _DECLARED[edge.kind].format_map(words)
    if reference is not None and reference.action == "mounts":
        drive = _DRIVE.search(quoted) or _DRIVE.search(edge.detail)
        named = f"drive {drive[1].upper()}:" if drive else "the mount"
        return f"Map {named} in {words['where']} to the new place."
    if reference is not None and reference.action == "defines" and kind != "reference":
        return f"Change the definition in {words['where']}: whatever uses its name follows."
    if kind == "url":
        scheme = quoted.partition(":")[0].lower()
        return _URLS.get(scheme, "Change the address in {where} to the new one.").format_map(words)
    sentence = _QUOTED.get(kind) or _DECLARED.get(edge.kind) or "Change the reference in {where} to the new place."
    return sentence.format_map(words)


def _own(edge: Edge, place: PlaceOf, source: Asset | None) -> str:
    """What is to be changed: the object itself, or the file of a store with its line."""
    if source is None:
        return edge.source
    return where(place) if place.line and source.level == "store" else source.title or source.id


def where(place: PlaceOf) -> str:
    """A place in words: the file's name with line and part, or the object."""
    line = f" line {place.line:,}" if place.line else ""
    part = f" ({place.part})" if place.part else ""
    return f"{PurePosixPath(place.path).name or place.path or place.source}{line}{part}"


def _kind_of(locator: str) -> str:
    """The kind of a locator whose mention is not at hand, by its form."""
    text = locator.strip()
    if text.startswith(("\\\\", "//")):
        return "unc"
    scheme, found, _ = text.partition("://")
    if found and scheme.replace("+", "").replace("-", "").isalnum():
        return (
            "url"
            if scheme.lower() in {*_URLS, "http", "https", "hdfs", "gs", "wasbs", "abfss"}
            else "connection_string"
        )
    if text.lower().startswith("jdbc:") or _PAIR.match(text):
        return "connection_string"
    if _DRIVE.match(text) or text.startswith("/"):
        return "path"
    return ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "\u2026"


def _small(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
