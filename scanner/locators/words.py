"""What names a secret, in the languages that configurations are written in; and what a cut leaves behind."""

from __future__ import annotations

import re

MARK = "***"
"""What stands where a secret stood."""

WORDS = (
    r"pwd|password|passwd|passwort|passphrase|passcode|passfile|pass_word|passe(?![a-z])|(?<![a-z])pass(?![a-z])|psw|"
    r"(?<![a-z])pw(?![a-z])|kennwort|(?<![a-z])mdp(?![a-z])|contrase|senha|wachtwoord|secret|token|credential|private|"
    r"signature|(?<![a-z])sig(?![a-z])|(?<![a-z])sas(?![a-z])|(?<![a-z])auth(?![a-z])|authorization|(?<![a-z])jwt|"
    r"(?:access|account|api|shared|encryption|master|storage|client|ssh)[ _-]?(?:access)?[ _-]?key(?:[ _-]?id)?"
)
"""Wherever one of them stands in a name, what the name has is a secret; compared without regard to case."""
NAME = re.compile(
    rf"(?i){WORDS}|(?:(?<!com)(?<!by)(?<!sur)(?<!tres)pass|(?<!primary)(?<!foreign)(?<!public)(?:^|[\s._-]|[a-z])key)$"
)
"""Searched in the name of a pair: also what only ends in *pass* or *key*."""
STRING = r"""[NEUeu]?'(?:[^'\\]|\\.|''){0,999}'|"(?:[^"\\]|\\.|""){0,999}"|\{(?:[^}]|\}\}){0,999}\}"""
"""A quoted text. Bounded, as everything that could start anew at each character: megabytes are read in one pass."""


def names_a_secret(name: str) -> bool:
    """Whether what this key, option or variable is set to is a secret.

    >>> names_a_secret("spring.datasource.password"), names_a_secret("Persist Security Info")
    (True, False)
    """
    return NAME.search(name[-200:]) is not None
