"""The closed form as source code in Python, torch, C and JavaScript.

Each language is a table from graph operations to its own words; what it has no function for is
refused by name.
"""

from jacmagic.code.languages import LANGUAGES, Language
from jacmagic.code.scope import Scope
from jacmagic.code.writer import write

__all__ = ["LANGUAGES", "Language", "Scope", "write"]
