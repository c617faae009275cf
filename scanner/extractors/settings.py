"""Settings of programs whose names are known: Spring, Rails, Django, PHP and Perl sites, environment files, clients."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scanner.extractor import Extractor, Mention, NotMine, Quote
from scanner.extractors.code import code
from scanner.extractors.decode import binary, decode
from scanner.extractors.languages import SETTINGS
from scanner.extractors.lists import json_settings, line_settings, properties_settings, yaml_settings
from scanner.extractors.page import Page
from scanner.extractors.quoting import quoted
from scanner.extractors.values import mentions, rest


def text_of(content: bytes) -> str:
    """The text of a file of settings; NotMine where it is none."""
    if binary(content):
        raise NotMine
    return decode(content)


def properties(_path: str, content: bytes) -> Iterator[Quote]:
    """Java's properties files, Spring's among them."""
    text = text_of(content)
    page = Page(text, SETTINGS)
    told = list(mentions(properties_settings(text), "settings/properties", page=page))
    yield from told
    yield from rest(page, told, "settings/text")


def lines(_path: str, content: bytes) -> Iterator[Quote]:
    """Environment files, ini files and whatever else has a key and a value on each line."""
    text = text_of(content)
    page = Page(text, SETTINGS)
    told = list(mentions(line_settings(text), "settings/ini", page=page))
    yield from told
    yield from rest(page, told, "settings/text")


def yaml(_path: str, content: bytes) -> Iterator[Quote]:
    """YAML: Spring's application.yml, Rails' database.yml, and any other."""
    text = text_of(content)
    page = Page(text, SETTINGS)
    settings, trouble = yaml_settings(text)
    told = list(mentions(settings, "settings/yaml", page=page))
    yield from told
    yield from rest(page, told, "settings/text")
    if trouble:
        yield trouble


def json(_path: str, content: bytes) -> Iterator[Quote]:
    """JSON with settings in it."""
    text = text_of(content)
    if not text.lstrip().startswith(("{", "[", "/")):
        raise NotMine
    settings, trouble = json_settings(text)
    yield from mentions(settings, "settings/json")
    if trouble:
        yield trouble


def pgpass(_path: str, content: bytes) -> Iterator[Mention]:
    """A line each: host:port:database:user:password; the password is not looked at."""
    for number, line in enumerate(text_of(content).split("\n"), 1):
        bare = line.lstrip("# \t")
        fields = re.split(r"(?<!\\):", bare[:2000])
        if len(fields) < 5:
            continue
        host, port, database, user = (re.sub(r"\\(.)", r"\1", f) for f in fields[:4])
        if host in ("*", "") or not re.fullmatch(r"\*|\d{1,5}", port):
            continue
        told = [("host", host), ("port", port), ("dbname", database), ("user", user)]
        text = " ".join(f"{k}={v}" for k, v in told if v not in ("*", ""))
        made = quoted(text, origin="settings/pgpass", line=number, kind="connection_string", driver="postgresql",
                      status="commented" if line.lstrip().startswith("#") else None)  # fmt: skip
        if made is not None:
            yield made


EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("pgpass", "passwords of psql, by place", pgpass, names=frozenset((".pgpass", "pgpass.conf", "pgpass"))),
    Extractor(
        "spring-properties", "properties files of Java programs", properties,
        endings=frozenset(("properties",)), patterns=("*.properties.*",),
    ),
    Extractor(
        "settings-yaml", "application.yml, database.yml and their kin", yaml,
        names=frozenset(("database.yml", "databases.yml", "secrets.yml", "storage.yml", "parameters.yml",
            "config.yml", "settings.yml",
                         "doctrine.yml", "doctrine.yaml", "config.yaml", "settings.yaml", "shard.yml", "mongoid.yml")),
        patterns=("*/application*.y*ml", "application*.y*ml", "*/bootstrap*.y*ml", "bootstrap*.y*ml",
            "*/database*.y*ml"),
    ),
    Extractor(
        "env", "environment files", lines,
        endings=frozenset(("env",)), patterns=("*/.env", ".env", "*/.env.*", ".env.*", "*/env.*", "*.env.*",
            "*/.envrc"),
    ),
    Extractor(
        "site-code", "settings of PHP, Python and Perl sites", code,
        endings=frozenset(("php", "php3", "php4", "php5", "phtml", "inc", "pl", "pm", "cgi")),
        names=frozenset(("settings.py", "local_settings.py", "config.py", "settings_local.py", "production.py",
            "development.py", "database.py",
                         "db.py", "conf.py", "config.rb", "knexfile.js", "ormconfig.js", "config.js", "database.js")),
        patterns=("*/settings/*.py", "*settings*.py", "*config*.py", "*/config/*.js", "*config*.js"),
    ),
)  # fmt: skip
