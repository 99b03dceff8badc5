"""Constants that a function's text gives a name once, such as `g = 9.81`."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from jacmagic.function.syntax.bindings import FunctionDef

Slot = tuple[str, Any, str, int | None]  # a name, and where its constant stands in the tree
_SCOPES = (*FunctionDef, ast.ClassDef, ast.Lambda)
_ARRAYS = frozenset("tensor as_tensor asarray array float64".split())
_FIELDS = frozenset("dict SimpleNamespace Namespace".split())


def single_names(function: Any) -> frozenset[str]:
    """Return the local names that a function binds exactly once."""
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += [
        starred for starred in (arguments.vararg, arguments.kwarg) if starred is not None
    ]
    shared = {parameter.arg for parameter in parameters}
    for node in ast.walk(function):
        if isinstance(node, ast.Global | ast.Nonlocal):
            shared |= set(node.names)
    stores = Counter(
        node.id
        for node in _own(function.body)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    return frozenset(name for name, count in stores.items() if count == 1) - shared


def _own(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, without those of scopes inside it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += ast.iter_child_nodes(node)


def constants_of(function: Any, names: Collection[str]) -> Iterator[Slot]:
    """Yield every constant that is assigned to one of some names, or to a field under one."""
    for node in list(_own(function.body)):
        if isinstance(node, ast.Assign):
            for target in node.targets[:1]:
                yield from _slots(target, node, "value", None, names)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            yield from _slots(node.target, node, "value", None, names)


def _slots(
    target: ast.expr, owner: Any, field: str, position: int | None, names: Collection[str]
) -> Iterator[Slot]:
    child = getattr(owner, field)
    value = child if position is None else child[position]
    if isinstance(target, ast.Name) and target.id in names:
        if _is_nest(value) or _is_array(value):
            yield target.id, owner, field, position
        else:
            yield from _fields(value)
    elif isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        for k, part in enumerate(_paired(target.elts, value.elts)):
            if part is not None:
                yield from _slots(part, value, "elts", k, names)


def _paired(targets: list[ast.expr], values: list[ast.expr]) -> list[ast.expr | None]:
    """Return the target of each value; None where a starred one takes it."""
    if any(isinstance(value, ast.Starred) for value in values):
        return [None] * len(values)
    stars = [k for k, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if not stars:
        return [*targets] if len(targets) == len(values) else [None] * len(values)
    front, back = targets[: stars[0]], targets[stars[0] + 1 :]
    return [*front, *[None] * (len(values) - len(front) - len(back)), *back]


def _fields(value: ast.expr) -> Iterator[Slot]:
    """Yield the numbers in `{"m": 2.0}`, `dict(m=2.0)` and `Parameters(m=2.0)`."""
    if isinstance(value, ast.Dict):
        for k, (key, entry) in enumerate(zip(value.keys, value.values, strict=True)):
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and is_number(entry):
                yield key.value, value, "values", k
    elif isinstance(value, ast.Call) and _has_fields(_called(value)):
        for keyword in value.keywords:
            if keyword.arg is not None and is_number(keyword.value):
                yield keyword.arg, keyword, "value", None


def _has_fields(name: str) -> bool:
    """Whether a call by this name keeps its keywords: `dict`, or what looks like a class."""
    return name in _FIELDS or name[:1].isupper()


def _called(value: ast.Call) -> str:
    """Return the last part of what is called: `tensor` of `torch.tensor(…)`."""
    return str(getattr(value.func, "attr", None) or getattr(value.func, "id", ""))


def is_number(value: ast.expr) -> bool:
    """Whether an expression is made of numbers alone."""
    if isinstance(value, ast.Constant):
        return type(value.value) in (int, float)
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.USub | ast.UAdd) and is_number(value.operand)
    return isinstance(value, ast.BinOp) and is_number(value.left) and is_number(value.right)


def _is_array(value: ast.expr) -> bool:
    """Whether an expression makes a tensor or array of numbers alone."""
    if not (isinstance(value, ast.Call) and _called(value) in _ARRAYS and value.args):
        return False
    return _is_nest(value.args[0])


def _is_nest(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Tuple):
        return bool(value.elts) and all(map(_is_nest, value.elts))
    return is_number(value)
