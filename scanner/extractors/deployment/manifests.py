"""YAML and JSON that set up machines: compose files, Kubernetes, CI, dbt, Ansible, clouds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scanner.extractor import Mention, NotMine, Quote
from scanner.extractors.commands.command import Command
from scanner.extractors.commands.saying import remote_path
from scanner.extractors.commands.script import one_command
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import JSON, SETTINGS
from scanner.extractors.lists import json_settings, yaml_settings
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import Setting, mentions, rest

_COMMANDS = frozenset(
    (
        "script",
        "before_script",
        "after_script",
        "run",
        "command",
        "commands",
        "cmd",
        "shell",
        "entrypoint",
        "bash_command",
        "inlinescript",
        "ansible.builtin.shell",
        "ansible.builtin.command",
    )
)
_ENVIRONMENT = frozenset(("environment", "env", "env_vars", "build_args", "args"))


def manifest(_path: str, content: bytes) -> Iterator[Quote]:
    """Any YAML: what programs are told, what is mounted, which commands are run."""
    if binary(content):
        raise NotMine
    text = decode(content)
    settings, trouble = yaml_settings(text)
    yield from _told(Page(text, SETTINGS), settings, "yaml")
    if trouble is not None and "{{" not in text and "{%" not in text:  # a template of YAML is none yet
        yield trouble


def document(_path: str, content: bytes) -> Iterator[Quote]:
    """JSON of CloudFormation, of Kubernetes, and Terraform's state."""
    if binary(content):
        raise NotMine
    text = decode(content)
    if not text.lstrip().startswith("{") or not re.search(
        r'"(?:AWSTemplateFormatVersion|Resources|terraform_version|apiVersion|resources)"', text[:200_000]
    ):
        raise NotMine
    settings, trouble = json_settings(text)
    yield from _told(Page(text, JSON), settings, "json")
    if trouble is not None:
        yield trouble


def _told(page: Page, given: list[Setting], origin: str) -> Iterator[Mention]:
    settings = list(_paired(given))
    told: list[Mention] = []
    told_on: dict[int | None, list[str]] = {}
    for special in (_commands, _volumes, _services, _resources, _dbt, _inventory):
        for mention in special(settings, origin):
            if mention.line is not None:
                page.cover(mention.line, mention.locator)
            told.append(mention)
            told_on.setdefault(mention.line, []).append(mention.locator)
    told += mentions((s for s in settings if not _is_said(s, told_on)), f"{origin}/setting", page=page)
    profile = _profile(settings)
    yield from (_of_profile(m, profile) for m in told)
    yield from rest(page, told, f"{origin}/text")


def _paired(settings: Iterable[Setting]) -> Iterator[Setting]:
    """``- KEY=value`` and ``- name: KEY``, ``value: …`` of environments as the settings they are."""
    name: tuple[tuple[str, ...], str] | None = None
    for setting in settings:
        keys = setting.keys
        if keys and keys[-1] in ("uses", "image"):
            continue  # user/name@version, which looks like a login of Oracle's
        if len(keys) > 3 and keys[1] == "outputs" and keys[-1] == "dbname":
            yield replace(setting, keys=(*keys[:-1], "database"))
        elif len(keys) >= 2 and keys[-1].isdigit() and keys[-2].lower() in _ENVIRONMENT and "=" in setting.value:
            key, _, value = setting.value.partition("=")
            yield replace(setting, keys=(*keys[:-1], key), value=value)
        elif len(keys) >= 3 and keys[-2].isdigit() and keys[-1].lower() in ("name", "key", "parameterkey"):
            name = (keys[:-1], setting.value)
            yield setting
        elif name is not None and keys[:-1] == name[0] and keys[-1].lower() in ("value", "parametervalue"):
            yield replace(setting, keys=(*keys[:-2], name[1]))
        else:
            yield setting


def _is_said(setting: Setting, told_on: dict[int | None, list[str]]) -> bool:
    """Whether what a setting says is part of what was told of its line."""
    said = told_on.get(setting.line, ())
    return any(setting.value in one for one in said) or (bool(said) and _is_command(setting))


def _is_command(setting: Setting) -> bool:
    return any(k.lower() in _COMMANDS for k in setting.keys[-2:])


def _commands(settings: list[Setting], origin: str) -> Iterator[Mention]:
    """Commands: a text of several lines, one of a list, or the words of one as a list."""
    words: dict[tuple[str, ...], list[Setting]] = {}
    for setting in settings:
        if not _is_command(setting):
            continue
        if setting.keys[-1].isdigit() and setting.keys[-2].lower() in ("command", "entrypoint", "cmd", "args"):
            words.setdefault(setting.keys[:-1], []).append(setting)
        line = (setting.line or 1) + (1 if "\n" in setting.value else 0)
        yield from one_command(
            setting.value,
            line,
            f"{origin}/{setting.keys[-1] if not setting.keys[-1].isdigit() else setting.keys[-2]}",
            status=setting.status,
        )
    for listed in words.values():
        if len(listed) > 1 and not any(" " in s.value for s in listed[:1]):
            joined = " ".join(
                f"'{s.value}'" if " " in s.value and "'" not in s.value else s.value
                for s in listed
                if "\n" not in s.value
            )
            yield from one_command(joined, listed[0].line or 1, f"{origin}/command", status=listed[0].status)


def _sections(settings: list[Setting]) -> dict[tuple[str, ...], dict[str, Setting]]:
    made: dict[tuple[str, ...], dict[str, Setting]] = {}
    for setting in settings:
        made.setdefault(setting.keys[:-1], {}).setdefault(setting.keys[-1].lower() if setting.keys else "", setting)
    return made


def _volumes(settings: list[Setting], origin: str) -> Iterator[Mention]:
    """NFS volumes (``server`` and ``path``), and shares that a driver mounts (``device``, ``source``)."""
    for keys, section in _sections(settings).items():
        last = keys[-1].lower() if keys else ""
        server, path = section.get("server"), section.get("path") or section.get("share")
        if (
            server is not None
            and path is not None
            and (last in ("nfs", "volumeattributes", "csi") or path.value.startswith("/"))
            and re.fullmatch(r"[\w.${}-]{1,253}", server.value)
        ):
            yield remote_path(
                server.value,
                path.value,
                None,
                Command(("nfs",), server.line or 1, server.status),
                f"{origin}/nfs",
                action="mounts",
                driver="nfs",
            )
        device, options = section.get("device"), section.get("o")
        if device is not None and options is not None:
            address = re.search(r"addr=([\w.${}-]{1,253})", options.value)
            at = Command(("mount",), device.line or 1, device.status)
            if device.value.startswith(":") and address is not None:
                yield remote_path(
                    address[1], device.value[1:], None, at, f"{origin}/device", action="mounts", driver="nfs"
                )
            elif device.value.startswith("//") and (made := _share(device, f"{origin}/device")) is not None:
                yield made
        source = section.get("source")
        if (
            source is not None
            and source.value.startswith("//")
            and last in ("volumeattributes", "mountoptions", "parameters")
            and (made := _share(source, f"{origin}/source")) is not None
        ):
            yield made


def _share(setting: Setting, origin: str) -> Mention | None:
    made = quoted(
        setting.value.replace("/", "\\"),
        origin=origin,
        line=setting.line,
        kind="unc",
        status=setting.status,
        action="mounts",
    )
    return replace(made, locator=setting.value) if made is not None else None


def _services(settings: list[Setting], origin: str) -> Iterator[Mention]:
    """Kubernetes' services that stand for a host outside."""
    for setting in settings:
        if setting.keys and setting.keys[-1] == "externalName":
            name = next(
                (
                    s.value
                    for s in settings
                    if s.keys[:2] == ("metadata", "name") and (s.line or 0) < (setting.line or 0)
                ),
                None,
            )
            made = quoted(
                setting.value,
                origin=f"{origin}/externalName",
                line=setting.line,
                kind="host",
                status=setting.status,
                alias=name,
                action="defines",
            )
            if made is not None:
                yield made


_BUCKETS = {
    "AWS::S3::Bucket": ("bucketname", "s3"),
    "aws_s3_bucket": ("bucket", "s3"),
    "google_storage_bucket": ("name", "gs"),
}


def _resources(settings: list[Setting], origin: str) -> Iterator[Mention]:
    """Buckets and databases of CloudFormation, and of Terraform's state, where endpoints are known."""
    types = {s.keys[:-1]: s.value for s in settings if s.keys and s.keys[-1] in ("Type", "type") and len(s.value) < 100}
    for keys, section in _sections(settings).items():
        above = next((keys[:n] for n in range(len(keys), max(0, len(keys) - 4), -1) if keys[:n] in types), None)
        kind = types.get(above, "") if above is not None else ""
        if kind in _BUCKETS and keys[-1:] in (("Properties",), ("attributes",)):
            key, scheme = _BUCKETS[kind]
            bucket = section.get(key)
            if bucket is not None and re.fullmatch(r"[\w.${}:-]{3,120}", bucket.value):
                made = quoted(
                    f"{scheme}://{bucket.value}",
                    origin=f"{origin}/{kind}",
                    line=bucket.line,
                    kind="url",
                    status=bucket.status,
                    alias=above[-1] if above and not above[-1].isdigit() else None,
                    action="defines",
                )
                if made is not None:
                    yield made
        elif (
            kind.startswith(("aws_db_instance", "aws_rds_cluster", "aws_redshift_cluster"))
            and (host := section.get("address") or section.get("endpoint")) is not None
        ):
            database = section.get("db_name") or section.get("database_name") or section.get("name")
            engine, port = section.get("engine"), section.get("port")
            name, _, tail = host.value.partition(":")
            number = port.value if port is not None else tail
            text = f"host={name} port={number} dbname={database.value if database is not None else ''}"
            yield Mention(
                kind="connection_string",
                locator=" ".join(w for w in text.split() if not w.endswith("=")),
                line=host.line,
                status="active",
                action="defines",
                origin=f"{origin}/{kind}",
                server=name,
                port=int(port.value) if port is not None and port.value.isdigit() else None,
                database=database.value if database is not None else None,
                driver=engine.value if engine is not None else None,
            )


def _dbt(settings: list[Setting], _origin: str) -> Iterator[Mention]:
    """Sources of dbt: tables of a schema that others fill; and the profile that a project runs with."""
    project = any(
        s.keys in (("model-paths", "0"), ("config-version",), ("models-paths", "0"), ("source-paths", "0"))
        for s in settings
    )
    for setting in settings:
        if project and setting.keys == ("profile",):
            made = quoted(
                setting.value,
                origin="dbt/profile",
                line=setting.line,
                kind="reference",
                status=setting.status,
                action="connects",
            )
            if made is not None:
                yield made
    told = {s.keys: s.value for s in settings if s.keys and s.keys[0] == "sources"}
    for setting in settings:
        keys = setting.keys
        if len(keys) == 5 and keys[0] == "sources" and keys[2] == "tables" and keys[-1] == "name":
            schema = told.get((*keys[:2], "schema")) or told.get((*keys[:2], "name"))
            table = told.get((*keys[:4], "identifier")) or setting.value
            database = told.get((*keys[:2], "database"))
            name = ".".join(p for p in (database, schema, table) if p)
            made = quoted(
                name, origin="dbt/source", line=setting.line, kind="table", status=setting.status, action="reads"
            )
            if made is not None:
                yield replace(made, database=database)


def _profile(settings: list[Setting]) -> dict[str, str]:
    """The name of each output of dbt's profiles by the profile it belongs to, for the default target."""
    targets = {s.keys[0]: s.value for s in settings if len(s.keys) == 2 and s.keys[1] == "target"}
    outputs = {s.keys[0] for s in settings if len(s.keys) >= 4 and s.keys[1] == "outputs"}
    return {target: name for name, target in targets.items() if name in outputs}


def _of_profile(mention: Mention, profile: dict[str, str]) -> Mention:
    if mention.kind == "connection_string" and mention.alias in profile:
        return replace(mention, alias=profile[mention.alias], origin="dbt/output", action="defines")
    return mention


def _inventory(settings: list[Setting], origin: str) -> Iterator[Mention]:
    """Ansible's names for hosts."""
    for setting in settings:
        if len(setting.keys) >= 2 and setting.keys[-1] in ("ansible_host", "ansible_ssh_host"):
            made = quoted(
                setting.value,
                origin=f"{origin}/ansible_host",
                line=setting.line,
                kind="host",
                status=setting.status,
                alias=setting.keys[-2],
                action="defines",
            )
            if made is not None:
                yield made
