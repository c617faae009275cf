"""Settings of any program, by their structure alone: yaml, json, toml, ini; asked after all that know more."""

from __future__ import annotations

from scanner.extractor import Extractor
from scanner.extractors import settings

EXTRACTORS: tuple[Extractor, ...] = (
    Extractor("yaml", "settings in YAML", settings.yaml, endings=frozenset(("yml", "yaml")), most=4 << 20),
    Extractor("json", "settings in JSON", settings.json, endings=frozenset(("json", "json5", "jsonc")), most=4 << 20),
    Extractor(
        "ini", "settings of any program, a key and a value on each line", settings.lines,
        endings=frozenset(("ini", "cfg", "conf", "cnf", "toml", "props", "prefs", "settings", "opt", "par", "prm",
            "rc", "inf", "def")),
    ),
)  # fmt: skip
