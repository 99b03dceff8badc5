"""Hints for mathematics that is not Python: `x^2`, `2x`, `sin²(x)`, `ln(x)`.

Pure text: a line of code and the words of an exception in, one hint out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

_FUNCTIONS = "sin|cos|tan|sinh|cosh|tanh|asin|acos|atan|exp|log|ln|sqrt|abs"
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SIGNS = {
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "∕": "/", "−": "-", "–": "-", "∞": "inf",
    "≤": "<=", "≥": ">=", "≠": "!=", "“": '"', "”": '"', "‘": "'", "’": "'", "„": '"',
}  # fmt: skip
_OTHER_NAMES = {
    "ln": "log", "lg": "log10", "tg": "tan", "tgh": "tanh", "sen": "sin", "sh": "sinh",
    "ch": "cosh", "th": "tanh", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arctg": "atan", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "sgn": "sign",
    "π": "pi", "Exp": "exp", "Sin": "sin", "Cos": "cos", "Log": "log", "Sqrt": "sqrt",
}  # fmt: skip
_OF_SCIPY = {"gammaln": "lgamma", "psi": "digamma", "expit": "sigmoid"}
_MODULES = {"torch": "import torch", "np": "import numpy as np", "math": "import math"}
_WORDS = "if|else|and|or|in|is|for"
_BASE = r"(\d+\.\d*|\w+(?:\([^()]*\))?|\([^()]*\))"


def _power(match: re.Match[str]) -> str:
    exponent = match[2].translate(_RAISED)
    return f"{match[1]}**{exponent if exponent.isdigit() else f'({exponent})'}"


# What a line that Python cannot read may mean: a pattern, and what to write for its match.
_SLIPS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(rf"\b({_FUNCTIONS})([⁰¹²³⁴⁵⁶⁷⁸⁹]+)\s*\(?([^\W\d]\w*)\)?"),
        lambda match: f"{match[1]}({match[3]})**{match[2].translate(_RAISED)}",
    ),
    (re.compile(rf"{_BASE}([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)"), _power),
    (re.compile(r"(\d+(?:\.\d*)?)\s*°"), lambda match: f"radians({match[1]})"),
    (re.compile(r"√\s*\(?([^\W\d]\w*|\d+)\)?"), lambda match: f"sqrt({match[1]})"),
    (re.compile(r"\|([^|=]+)\|"), lambda match: f"abs({match[1].strip()})"),
    (
        re.compile(r"^\s*([^\W\d]\w*)\(([^()]*)\)\s*=\s*([^=].*?)\s*$"),
        lambda match: f"def {match[1]}({match[2]}): return {match[3]}",
    ),
    (re.compile(rf"\b({_FUNCTIONS})\s+([^\W\d]\w*)"), lambda match: f"{match[1]}({match[2]})"),
    (
        re.compile(rf"(?<![\w.])(\d+(?:\.\d*)?) ?((?!(?:{_WORDS})\b)[^\W\d]\w*)"),
        lambda match: f"{match[1]}*{match[2]}",
    ),
    (
        re.compile(r"\[\s*-?[\d.]+(\s+-?[\d.]+)+\s*\]"),
        lambda match: f"[{', '.join(match[0][1:-1].split())}]",
    ),
    (re.compile(r"(?<![\w.)\]])(\d+),(\d+)(?![\w.,])"), lambda match: f"{match[1]}.{match[2]}"),
    (
        re.compile(f"[{''.join(_SIGNS)}]"),
        lambda match: f"{_SIGNS[match[0]]} for {match[0]}",
    ),
)  # fmt: skip


def for_syntax(code: str, message: str = "") -> str | None:
    """Return what to write for a line that Python cannot parse; None if not known.

    Args:
        code: the line.
        message: what Python says.

    Example:
        >>> for_syntax("y = 2x + sin²(x)")
        'write sin(x)**2'
    """
    code = code.partition("#")[0]
    if message == "'return' outside function":
        return f"write {code.partition('return')[2].strip()} alone, or def f(…): above it"
    if "outside" in message and "await" in code:
        return "write what is awaited in a cell above"
    for pattern, rewritten in _SLIPS:
        if match := pattern.search(code):
            return f"write {rewritten(match)}"
    return None


def for_exception(kind: str, message: str, code: str) -> str | None:
    """Return what to write for a line of mathematics that raised; None if not known.

    Args:
        kind: the name of the exception's class.
        message: its text.
        code: the line of the user's that raised it.

    Example:
        >>> for_exception("NameError", "name 'ln' is not defined", "y = ln(x)")
        'write log for ln'
    """
    code = code.partition("#")[0]
    if kind == "NameError" and (match := re.search(r"name '(\w+)' is not defined", message)):
        return _for_name(match[1])
    if "bitwise_xor" in message or " for ^" in message or "__xor__" in message:
        match = re.search(rf"{_BASE}\s*\^\s*(-?{_BASE})", code)
        power = f"{match[1]}**{match[2]}" if match else "a**b"
        return f"^ is exclusive or in Python: write {power}"
    if "call numpy() on Tensor" in message:
        if ".numpy()" in code:
            return "leave out .numpy(): NumPy's functions take the input itself"
        names = [other for name, other in _OF_SCIPY.items() if f"{name}(" in code]
        written = f"torch.{names[0]}" if names else "the function of torch or torch.special"
        return f"torch cannot differentiate what SciPy computes: write {written}"
    if re.search("dtype|scalar type", message) and "ouble" in message:
        return (
            "numbers of the point are float64: write dtype=torch.float64 where other tensors "
            "are made, or --dtype float32 behind the point"
        )
    if "converted to an index" in message or "cannot be interpreted as an integer" in message:
        return "an input is a real number: give a count a default, such as def f(x, n=3)"
    if kind == "TypeError" and message.endswith("object is not callable"):
        return _for_missing_product(code)
    return None


def _for_name(name: str) -> str | None:
    if name in _OTHER_NAMES:
        return f"write {_OTHER_NAMES[name]} for {name}"
    if name in _MODULES:
        return f"write {_MODULES[name]} above the function"
    if name in vars(math):
        return f"write from math import {name} above the function, or torch.{name}"
    match = re.fullmatch(r"([a-z])([a-z])", name)
    return f"write {match[1]}*{match[2]} if a product is meant" if match else None


def _for_missing_product(code: str) -> str | None:
    """`2(x + 1)`, `x(y + 1)` and `sin^2(x)`: a bracket after what is not a function."""
    if match := re.search(rf"\b({_FUNCTIONS})\s*\^\s*(\d+)\s*\(([^()]*)\)", code):
        return f"write {match[1]}({match[3]})**{match[2]}"
    if match := re.search(r"(?<![\w.])(\d+(?:\.\d*)?|\))\s*\(", code):
        return f"a bracket after {match[1]} is a call: write {match[1]}*(…) for a product"
    if match := re.search(r"(?<![\w.])([^\W\d])\s*\(", code):
        return f"a bracket after {match[1]} is a call: write {match[1]}*(…) for a product"
    return None
