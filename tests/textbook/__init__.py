"""Functions whose Jacobians textbooks print, with the formulas that they print."""

from textbook.case import Form
from textbook.learning import FORMS as LEARNING
from textbook.mathematics import FORMS as MATHEMATICS
from textbook.matrices import FORMS as MATRICES
from textbook.robotics import FORMS as ROBOTICS

FORMS: list[Form] = [*LEARNING, *MATHEMATICS, *ROBOTICS, *MATRICES]

__all__ = ["FORMS", "Form"]
