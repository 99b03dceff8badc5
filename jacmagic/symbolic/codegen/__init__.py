"""The closed form as source code in Python, torch, C and JavaScript.

Each language is a table from graph operations to its own words; what it has no function for is
refused by name.
"""

from jacmagic.symbolic.codegen.languages import LANGUAGES, Language
from jacmagic.symbolic.codegen.scope import Scope
from jacmagic.symbolic.codegen.writer import write

__all__ = ["LANGUAGES", "Language", "Scope", "write"]
