"""SymPy calls whose failures become refusals; other errors propagate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from jacmagic.symbolic.formula.time_limit import limited
from jacmagic.symbolic.graph import BudgetExceeded
from jacmagic.symbolic.trace import Refusal

T = TypeVar("T")
_PACKAGES = {"sympy", "mpmath"}


def attempt(
    work: Callable[[], T], seconds: float | None, what: str = "the closed form"
) -> T | Refusal:
    """Run some work within a time limit; return a refusal where SymPy fails.

    Args:
        work: makes a formula.
        seconds: the bound; None for no bound.
        what: what is refused.
    """
    try:
        return limited(work, seconds)
    except BudgetExceeded as error:
        return Refusal(what, None, f"is too slow to write out: {error}")
    except RecursionError:
        return Refusal(what, None, "is nested too deeply to write out")
    except Exception as error:
        if not by_sympy(error):
            raise
        reason = " ".join(str(error).split())[:80]
        return Refusal(what, None, f"is more than SymPy can do: {type(error).__name__}: {reason}")


def by_sympy(error: BaseException) -> bool:
    """Whether an exception was raised in SymPy's own code."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    module = "" if last is None else last.tb_frame.f_globals.get("__name__", "")
    return module.partition(".")[0] in _PACKAGES
