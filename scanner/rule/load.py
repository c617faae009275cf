"""Rules and targets from folders of TOML files: shipped ones by importlib.resources, others by path."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TypeVar

from pydantic import ValidationError

from scanner.codes import StocktakeError
from scanner.rule.shape import Rule, Target

RULES = "scanner.rules"
TARGETS = "scanner.targets"
_Shaped = TypeVar("_Shaped", Rule, Target)


def load_rules(folder: Traversable | None = None) -> tuple[Rule, ...]:
    """Every rule of a folder (the shipped ones by default), in order of id.

    Raises:
        StocktakeError: RULE_INVALID, naming the file and every key at fault.
    """
    return _load(folder or files(RULES), Rule.model_validate)


def load_targets(folder: Traversable | None = None) -> tuple[Target, ...]:
    """Every target of a folder (the shipped ones by default), in order of id; raises as ``load_rules``."""
    own = {t.id: t for t in _load(folder or files(TARGETS), Target.model_validate)}
    return tuple(_extended(target, own) for target in own.values())


def _extended(target: Target, known: Mapping[str, Target]) -> Target:
    """The target with the limits of the one it extends; one step only, so there is no ring to fall into."""
    if target.extends is None:
        return target
    base = known.get(target.extends)
    if base is None or base.extends is not None:
        raise StocktakeError("RULE_INVALID", f"{target.id}.toml", f"extends: {target.extends!r} is no target to extend")
    return target.model_copy(update={"limits": {**base.limits, **target.limits}})


def _load(folder: Traversable, validate: Callable[[object], _Shaped]) -> tuple[_Shaped, ...]:
    shaped = [_one(f, validate) for f in _toml(folder)]
    return tuple(sorted(shaped, key=lambda s: s.id))


def _toml(folder: Traversable) -> Iterable[Traversable]:
    return sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)


def _one(file: Traversable, validate: Callable[[object], _Shaped]) -> _Shaped:
    try:
        shaped = validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StocktakeError("RULE_INVALID", file.name, str(error)) from error
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise StocktakeError("RULE_INVALID", file.name, said) from error
    if file.name != f"{shaped.id}.toml":
        raise StocktakeError("RULE_INVALID", file.name, f"id {shaped.id!r} is not the file's name")
    return shaped
