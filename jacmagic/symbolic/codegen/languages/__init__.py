"""The languages that a closed form can be written in, by name: one module each.

A new language is a module with a table like these, and a line in `LANGUAGES`.
"""

from jacmagic.symbolic.codegen.language import Language
from jacmagic.symbolic.codegen.languages.c import C
from jacmagic.symbolic.codegen.languages.cpp import CPP
from jacmagic.symbolic.codegen.languages.cuda import CUDA
from jacmagic.symbolic.codegen.languages.javascript import JAVASCRIPT
from jacmagic.symbolic.codegen.languages.numpy import NUMPY
from jacmagic.symbolic.codegen.languages.python import PYTHON
from jacmagic.symbolic.codegen.languages.rust import RUST
from jacmagic.symbolic.codegen.languages.torch import TORCH

LANGUAGES: dict[str, Language] = {
    "python": PYTHON,
    "numpy": NUMPY,
    "torch": TORCH,
    "c": C,
    "c++": CPP,
    "cuda": CUDA,
    "rust": RUST,
    "javascript": JAVASCRIPT,
}

__all__ = ["LANGUAGES", "C"]
