"""Exercises: entries of a Jacobian, their derivation or its rules left blank.

The browser judges what is typed, by the function itself: no page contains an answer.
"""

from jacmagic.view.exercise.exercise import Exercise, quiz_of
from jacmagic.view.exercise.kinds import QuizOptions
from jacmagic.view.exercise.question import Question

__all__ = ["Exercise", "Question", "QuizOptions", "quiz_of"]
