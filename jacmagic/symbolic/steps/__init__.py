"""The derivation of one entry, rule by rule."""

from jacmagic.symbolic.steps.application import Application
from jacmagic.symbolic.steps.functions import FUNCTIONS
from jacmagic.symbolic.steps.rules import STRUCTURES
from jacmagic.symbolic.steps.step import Equation, Step, derive

__all__ = ["FUNCTIONS", "STRUCTURES", "Application", "Equation", "Step", "derive"]
