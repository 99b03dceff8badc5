"""What earlier calls for a function taught, kept as long as the user keeps the function."""

from __future__ import annotations

import weakref
from typing import Any
from weakref import WeakKeyDictionary

from jacmagic.numeric import Experience, Watch
from jacmagic.problem import Problem
from jacmagic.surroundings import watched

# Of a function, and of its gradient.
_EXPERIENCE: WeakKeyDictionary[Any, tuple[Experience, Experience]] = WeakKeyDictionary()


def experience_of(problem: Problem) -> Experience:
    """What is known of a problem's function; kept as long as the user keeps that."""
    whole = problem.whole
    if whole is None or _may_equal_another(type(whole)):
        return Experience(watched)
    try:
        known = _EXPERIENCE.get(whole)
        if known is None:
            known = _EXPERIENCE[whole] = (
                Experience(_watching(whole)),
                Experience(_watching(whole)),
            )
    except TypeError:  # it cannot be told from others, or not be held weakly
        return Experience(watched)
    return known[problem.potential is not None]


def _may_equal_another(kind: Any) -> bool:
    return kind.__eq__ is not object.__eq__ and kind.__module__ != "builtins"


def _watching(whole: Any) -> Watch:
    """What watches the surroundings of a callable without keeping it alive."""
    held = weakref.ref(whole)

    def watch(function: Any) -> Any:
        return None if (there := held()) is None else watched(there)

    return watch
