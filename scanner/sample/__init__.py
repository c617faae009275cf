"""Sample: which content is looked into and how much of it, and what extractors are run on it."""

from scanner.sample.choose import Planned, planned
from scanner.sample.sampler import Sampler, sampling
from scanner.sample.values import PlannedValues, planned_values

__all__ = ["Planned", "PlannedValues", "Sampler", "planned", "planned_values", "sampling"]
