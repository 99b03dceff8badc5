"""The derivation of one entry, rule by rule, as a lecturer does it on a board."""

from jacmagic.steps.application import Application
from jacmagic.steps.functions import FUNCTIONS
from jacmagic.steps.rules import STRUCTURES
from jacmagic.steps.step import Equation, Step, derive

__all__ = ["FUNCTIONS", "STRUCTURES", "Application", "Equation", "Step", "derive"]
