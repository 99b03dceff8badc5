"""Code generation from graphs and tapes: source to export, Python to run.

Each language is one table from graph operations to its own expressions; what it has no function
for is refused by name.
"""

from jacmagic.symbolic.codegen.function import Pattern
from jacmagic.symbolic.codegen.languages import LANGUAGES, C
from jacmagic.symbolic.codegen.runner import Runner
from jacmagic.symbolic.codegen.writer import Task, write

__all__ = ["LANGUAGES", "C", "Pattern", "Runner", "Task", "write"]
