"""The derivation of one entry, rule by rule."""

from jacmagic.symbolic.steps.entry import steps_of
from jacmagic.symbolic.steps.step import Step, derive

__all__ = ["Step", "derive", "steps_of"]
