"""Parameters read from a function's text, and the names of their components."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator

from jacmagic.function.syntax.bindings import bindings, callable_method, name_of, statements


def parameters_of(source: str, function: str) -> tuple[str, ...]:
    """Parameter names of a function, lambda, callable class or instance in `source`.

    Returns an empty tuple where the text does not tell.

    Example:
        >>> parameters_of("def f(x, y, n=4): ...", "f")
        ('x', 'y', 'n')
    """
    definitions: dict[str, ast.FunctionDef | ast.Lambda] = {}
    for node in statements(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef):
            definitions[node.name] = node
        elif isinstance(node, ast.ClassDef) and (method := callable_method(node)) is not None:
            definitions[node.name] = method
        for name, value in bindings(node):
            called = name_of(value.func) if isinstance(value, ast.Call) else None
            function_node = (
                value if isinstance(value, ast.Lambda) else definitions.get(called or "")
            )
            if function_node is not None:
                definitions[name] = function_node
    definition = definitions.get(function)
    if definition is None:
        return ()
    names = [
        part.arg
        for part in (
            *definition.args.posonlyargs,
            *definition.args.args,
            *definition.args.kwonlyargs,
        )
    ]
    return tuple(name for position, name in enumerate(names) if position or name != "self")


def unpacked_names(function_source: str, parameter: str) -> tuple[str, ...] | None:
    r"""Return the names that a function gives to a parameter's components.

    Understood: `x, y = state`, `x, y = state.unbind()`, `x, y = state[0], state[1]` and the same
    on lines of their own.

    Example:
        >>> unpacked_names("def f(state):\n    x, y = state\n    return x * y", "state")
        ('x', 'y')
    """
    function = first_function(function_source)
    if function is None or isinstance(function, ast.Lambda):
        return None
    single: dict[int, str] = {}
    for node in function.body:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, value = node.targets[0], node.value
        pairs: Iterable[tuple[ast.expr, ast.expr]] = [(target, value)]
        if isinstance(target, (ast.Tuple, ast.List)):
            names = [name_of(part) for part in target.elts]
            bound = tuple(name for name in names if name is not None)
            if len(bound) == len(names) and _is_whole(value, parameter):
                return bound
            parts = value.elts if isinstance(value, ast.Tuple) else []
            pairs = zip(target.elts, parts, strict=False)
        for part, component in pairs:
            index, name = _index_of(component, parameter), name_of(part)
            if index is not None and name is not None:
                single.setdefault(index, name)
    if not single or sorted(single) != list(range(len(single))):
        return None
    return tuple(single[index] for index in range(len(single)))


def _is_whole(value: ast.expr, parameter: str) -> bool:
    """`state` or `state.unbind(…)`, and `torch.unbind(state)`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        unbinds = value.func.attr == "unbind"
        owner = name_of(value.func.value)
        argument = name_of(value.args[0]) if value.args else None
        return unbinds and parameter in (owner, argument)
    return name_of(value) == parameter


def _index_of(value: ast.expr, parameter: str) -> int | None:
    """Return the `i` of `state[i]`."""
    if isinstance(value, ast.Subscript) and name_of(value.value) == parameter:
        index = value.slice
        if isinstance(index, ast.Constant) and type(index.value) is int:
            return index.value
    return None


def first_function(source: str) -> ast.FunctionDef | ast.Lambda | None:
    """Return the function of a source; None if a line has several lambdas."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:  # a lambda's source is the line around it, which may not stand alone
        return None
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    if not functions or isinstance(functions[0], ast.FunctionDef):
        return functions[0] if functions else None
    inside = {id(node) for node in ast.walk(functions[0])}
    return functions[0] if all(id(node) in inside for node in functions) else None


def is_taken_apart(function_source: str, parameter: str) -> bool:
    """Whether a function's text shows that a parameter cannot be a scalar.

    It is indexed, iterated, unpacked, measured with `len`, or a matrix product is taken of it.
    """
    function = first_function(function_source)
    if function is None:
        return False
    if unpacked_names(function_source, parameter) is not None:
        return True
    return any(name_of(part) == parameter for part in _taken_apart(function))


def _taken_apart(function: ast.AST) -> Iterator[ast.expr]:
    """Expressions that are indexed, iterated, measured or multiplied as matrices."""
    for node in ast.walk(function):
        if isinstance(node, (ast.Subscript, ast.Starred)):
            yield node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            yield node.iter
        elif isinstance(node, ast.Call) and name_of(node.func) == "len":
            yield from node.args
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield from (node.left, node.right)
