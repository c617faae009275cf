"""The shape of a rule and of a target: declared, linted, loaded from TOML; nothing is judged here."""

from scanner.rule.lint import Lint, lint
from scanner.rule.load import load_rules, load_targets
from scanner.rule.shape import Case, Effort, Limit, Reference, Rule, Target
from scanner.rule.views import VIEWS, View

__all__ = [
    "VIEWS",
    "Case",
    "Effort",
    "Limit",
    "Lint",
    "Reference",
    "Rule",
    "Target",
    "View",
    "lint",
    "load_rules",
    "load_targets",
]
