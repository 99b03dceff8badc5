"""The closed form as source code in Python, torch, C and JavaScript.

Each language is a table from graph operations to its own words; shared subexpressions become named
intermediate values, the rest is written in place with only the brackets it needs. What a language
has no function for is refused by name.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from jacmagic.errors import JacmagicError
from jacmagic.formula import ClosedForm
from jacmagic.graph import ZERO, Graph

# how tightly a piece of code holds together
_CHOICE, _COMPARED, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(7)
Piece = tuple[str, int]

_INFIX = {
    "add": ("{} + {}", _SUM, (_SUM, _SUM)),
    "sub": ("{} - {}", _SUM, (_SUM, _PRODUCT)),
    "mul": ("{}*{}", _PRODUCT, (_PRODUCT, _SIGN)),
    "div": ("{}/{}", _PRODUCT, (_PRODUCT, _POWER)),
    "neg": ("-{}", _SIGN, (_ATOM,)),
    **{
        name: (f"{{}} {sign} {{}}", _COMPARED, (_SUM, _SUM))
        for name, sign in zip("lt le gt ge eq ne".split(), "< <= > >= == !=".split(), strict=True)
    },
}
_ARGUMENTS = (
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log sqrt erf erfc lgamma"
)


def _calls(prefix: str, names: str) -> dict[str, str]:
    return {name: f"{prefix}{name}({{}})" for name in names.split()}


@dataclass(frozen=True)
class Language:
    """How one language writes a function.

    Attributes:
        calls: operation → template of its arguments, each in brackets of its own or a call.
        power: template of a power, and how tightly its base must hold.
        choice: template of (condition, if true, if false).
        integer: writes an integer.
        frame: (name, arguments, statements, rows of entries) → the source.
        assign: template of (name, value).
        component: (input's name, index) → the component's name.
    """

    calls: dict[str, str]
    power: tuple[str, int]
    choice: str
    frame: Callable[[str, Sequence[str], list[str], list[list[str]]], str]
    assign: str
    component: Callable[[str, tuple[int, ...]], str]
    integer: Callable[[int], str] = str
    infix: dict[str, tuple] = field(default_factory=lambda: dict(_INFIX))


# ── frames ────────────────────────────────────────────────────────────────────────────────────


def _rows(rows: list[list[str]]) -> list[str]:
    return [f"        [{', '.join(row)}]," for row in rows]


def _python(
    name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]
) -> str:
    head = ["import math", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [f"    {line}" for line in statements]
    return "\n".join([*head, *body, "    return [", *_rows(rows), "    ]", ""])


def _torch(
    name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]
) -> str:
    m, n = len(rows), len(rows[0]) if rows else 0
    head = ["import torch", "", "", f"def {name}({', '.join(arguments)}):"]
    body = [f"    {line}" for line in statements]
    body.append(f"    J = {arguments[0]}.new_zeros({m}, {n})")
    body += [
        f"    J[{i}, {j}] = {entry}"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
        if entry != "0"
    ]
    return "\n".join([*head, *body, "    return J", ""])


def _c(name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]) -> str:
    n = len(rows[0]) if rows else 0
    head = ["#include <math.h>", "", f"/* J has {len(rows)} x {n} entries, row by row. */"]
    doubles = ", ".join(arguments)
    lines = [f"    {line}" for line in statements]
    lines += [
        f"    J[{i * n + j}] = {entry};"
        for i, row in enumerate(rows)
        for j, entry in enumerate(row)
    ]
    return "\n".join([*head, f"void {name}({doubles}, double *J)", "{", *lines, "}", ""])


def _javascript(
    name: str, arguments: Sequence[str], statements: list[str], rows: list[list[str]]
) -> str:
    lines = [f"  {line}" for line in statements]
    body = [*lines, "  return [", *(line[4:] for line in _rows(rows)), "  ];"]
    return "\n".join([f"export function {name}({', '.join(arguments)}) {{", *body, "}", ""])


# ── languages ─────────────────────────────────────────────────────────────────────────────────


def _bracketed(name: str, index: tuple[int, ...]) -> str:
    return name + "".join(f"[{place}]" for place in index)


LANGUAGES: dict[str, Language] = {
    "python": Language(
        calls={
            **_calls("math.", _ARGUMENTS),
            "abs": "abs({})",
            "floor": "math.floor({})",
            "ceil": "math.ceil({})",
            "mod": "(({}) % ({}))",
            "atan2": "math.atan2({}, {})",
            "max": "max({}, {})",
            "min": "min({}, {})",
            "relu": "max({}, 0)",
            "clamp": "min(max({}, {}), {})",
            "sign": "(({0} > 0) - ({0} < 0))",
            "sigmoid": "((1 + math.tanh(({})/2))/2)",
            "and": "(({}) and ({}))",
            "or": "(({}) or ({}))",
            "not": "(not ({}))",
        },
        power=("{}**{}", _ATOM),
        choice="({1} if {0} else {2})",
        frame=_python,
        assign="{} = {}",
        component=_bracketed,
    ),
    "torch": Language(
        calls={
            **_calls("torch.", _ARGUMENTS + " floor ceil sign abs sigmoid relu digamma"),
            "mod": "torch.remainder({}, {})",
            "atan2": "torch.atan2({}, {})",
            "max": "torch.where({0} > {1}, {0}, {1})",
            "min": "torch.where({0} < {1}, {0}, {1})",
            "clamp": "torch.clamp({}, {}, {})",
            "polygamma": "torch.special.polygamma({}, {})",
            "i0": "torch.special.i0({})",
            "i1": "torch.special.i1({})",
            "j0": "torch.special.bessel_j0({})",
            "j1": "torch.special.bessel_j1({})",
            "and": "(({}) & ({}))",
            "or": "(({}) | ({}))",
            "not": "(~({}))",
        },
        power=("{}**{}", _ATOM),
        choice="torch.where({}, {}, {})",
        frame=_torch,
        assign="{} = {}",
        component=lambda name, index: f"{name}[{', '.join(map(str, index))}]" if index else name,
    ),
    "c": Language(
        calls={
            **_calls("", _ARGUMENTS),
            **{name: f"{name}({{}})" for name in ("floor", "ceil", "j0", "j1")},
            "abs": "fabs({})",
            "mod": "(({0}) - ({1})*floor(({0})/({1})))",
            "atan2": "atan2({}, {})",
            "max": "fmax({}, {})",
            "min": "fmin({}, {})",
            "relu": "fmax({}, 0.0)",
            "clamp": "fmin(fmax({}, {}), {})",
            "sign": "((double)(({0} > 0) - ({0} < 0)))",
            "sigmoid": "((1.0 + tanh(({})/2.0))/2.0)",
            "and": "(({}) && ({}))",
            "or": "(({}) || ({}))",
            "not": "(!({}))",
        },
        power=("pow({}, {})", _CHOICE),
        choice="(({}) ? {} : {})",
        frame=_c,
        assign="const double {} = {};",
        component=_bracketed,
        integer=lambda value: f"{value}.0",
    ),
    "javascript": Language(
        calls={
            **_calls(
                "Math.", "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp log"
            ),
            **_calls("Math.", "sqrt abs sign floor ceil"),
            "mod": "(({0}) - ({1})*Math.floor(({0})/({1})))",
            "atan2": "Math.atan2({}, {})",
            "max": "Math.max({}, {})",
            "min": "Math.min({}, {})",
            "relu": "Math.max({}, 0)",
            "clamp": "Math.min(Math.max({}, {}), {})",
            "sigmoid": "((1 + Math.tanh(({})/2))/2)",
            "and": "(({}) && ({}))",
            "or": "(({}) || ({}))",
            "not": "(!({}))",
        },
        power=("{}**{}", _ATOM),
        choice="(({}) ? {} : {})",
        frame=_javascript,
        assign="const {} = {};",
        component=_bracketed,
    ),
}


# ── writing ───────────────────────────────────────────────────────────────────────────────────


def write(language: str, form: ClosedForm, name: str, inputs: Sequence[tuple[str, tuple]]) -> str:
    """Source of a function that computes the Jacobian from the closed form.

    Args:
        language: "python", "torch", "c" or "javascript".
        form: the closed form.
        name: the function's name.
        inputs: name and shape of each input; scalars are plain numbers, tensors are indexed.

    Returns:
        The source, ending in a newline.

    Raises:
        JacmagicError: for an unknown language, or an operation that it has no function for.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise JacmagicError(f"expected one of {known}; found {language!r}; write to_code('python')")
    words = LANGUAGES[language]
    writer = _Writer(language, form.graph, _components(words, form, inputs))
    entries = [writer.entry(node) for node in writer.prepare(form.entries)]
    n = form.shape[1]
    rows = [entries[start : start + n] for start in range(0, len(entries), n)] if n else []
    return words.frame(_identifier(name), _declared(language, inputs), writer.statements, rows)


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _declared(language: str, inputs: Sequence[tuple[str, tuple]]) -> list[str]:
    if language != "c":
        return [_identifier(name) for name, _ in inputs]
    return [
        f"const double {_identifier(name)}" + "".join(f"[{size}]" for size in shape)
        for name, shape in inputs
    ]


def _components(
    words: Language, form: ClosedForm, inputs: Sequence[tuple[str, tuple]]
) -> dict[int, str]:
    """What each variable node is called inside the function."""
    places = [
        words.component(_identifier(name), index)
        for name, shape in inputs
        for index in itertools.product(*map(range, shape))
    ]
    return dict(zip(form.trace.inputs, places, strict=True))


class _Writer:
    """Writes nodes of a graph in one language."""

    def __init__(self, language: str, graph: Graph, variables: dict[int, str]) -> None:
        self.language, self.words, self.graph = language, LANGUAGES[language], graph
        self.pieces: dict[int, Piece] = {node: (name, _ATOM) for node, name in variables.items()}
        self.statements: list[str] = []

    def prepare(self, roots: Sequence[int]) -> Sequence[int]:
        """Write all nodes from the leaves up; shared ones become statements."""
        reached = self.graph.reach(roots)
        uses = Counter(operand for node in reached for operand in self.graph.operands(node))
        uses.update(root for root in roots if root != ZERO)
        for node in reached:
            if node in self.pieces:
                continue
            text, tightness = self._piece(node)
            shared = uses[node] > 1 and self.graph.operands(node)
            if shared and not self.graph.is_condition(node):
                name = f"t{len(self.statements) + 1}"
                self.statements.append(self.words.assign.format(name, text))
                text, tightness = name, _ATOM
            self.pieces[node] = text, tightness
        return roots

    def entry(self, node: int) -> str:
        """An entry of the matrix."""
        return self.pieces[node][0]

    def _piece(self, node: int) -> Piece:
        operation = self.graph.operations[node]
        if operation == "number":
            return self._number(self.graph.arguments[node][0])
        parts = [self.pieces[operand] for operand in self.graph.operands(node)]
        if operation in self.words.infix:
            template, tightness, needed = self.words.infix[operation]
            held = [_hold(part, least) for part, least in zip(parts, needed, strict=True)]
            return template.format(*held), tightness
        if operation == "pow":
            template, least = self.words.power
            return template.format(*(_hold(part, least) for part in parts)), _POWER
        if operation == "where":
            return self.words.choice.format(*(text for text, _ in parts)), _ATOM
        if operation not in self.words.calls:
            raise JacmagicError(
                f"{self.language} has no function for {operation}; write to_code('torch')"
            )
        return self.words.calls[operation].format(*(text for text, _ in parts)), _ATOM

    def _number(self, value: int | Fraction | float) -> Piece:
        if isinstance(value, int):
            return self.words.integer(value), _ATOM if value >= 0 else _SIGN
        if isinstance(value, Fraction) and float(value) != float(f"{float(value):.12g}"):
            above, below = map(self.words.integer, (value.numerator, value.denominator))
            return f"{above}/{below}", _PRODUCT
        return repr(float(value)), _ATOM if value >= 0 else _SIGN


def _hold(piece: Piece, least: int) -> str:
    """A piece, in brackets if it would fall apart in its place."""
    text, tightness = piece
    return text if tightness >= least else f"({text})"
