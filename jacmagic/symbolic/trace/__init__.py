"""Concolic tracing: run torch code once, with an expression beside every number."""

from jacmagic.symbolic.trace.leaks import ADVICE, Leak
from jacmagic.symbolic.trace.naming import Constant, Naming
from jacmagic.symbolic.trace.tracer import Refusal, Trace, trace

__all__ = ["ADVICE", "Constant", "Leak", "Naming", "Refusal", "Trace", "trace"]
