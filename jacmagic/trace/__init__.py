"""From torch code to expressions: run it once, with every number's expression beside it."""

from jacmagic.trace.leaks import Leak
from jacmagic.trace.mode import Assumption
from jacmagic.trace.tracer import Refusal, Trace, trace

__all__ = ["Assumption", "Leak", "Refusal", "Trace", "trace"]
