"""From torch code to expressions: run it once, with every number's expression beside it."""

from jacmagic.trace.conditions import Assumption
from jacmagic.trace.leaks import ADVICE, Leak
from jacmagic.trace.naming import Constant, Naming
from jacmagic.trace.tracer import Refusal, Trace, trace

__all__ = ["ADVICE", "Assumption", "Constant", "Leak", "Naming", "Refusal", "Trace", "trace"]
