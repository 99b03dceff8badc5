"""Cells of bare expressions: components, free names, and the equivalent function."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator


def is_component(node: ast.stmt) -> bool:
    """Whether a statement is a bare expression, and no docstring."""
    if not isinstance(node, ast.Expr):
        return False
    return not (isinstance(node.value, ast.Constant) and isinstance(node.value.value, str))


def is_import(node: ast.stmt) -> bool:
    """Whether a statement is an import, which an expression cell runs as it is."""
    return isinstance(node, (ast.Import, ast.ImportFrom))


def free_names(body: list[ast.stmt]) -> tuple[str, ...]:
    """Return names loaded before they are bound, without builtins and called names."""
    bound: set[str] = set(dir(builtins))
    free: dict[str, None] = {}
    for node in body:
        local = {*_stored(node)} if not isinstance(node, (ast.Assign, ast.AugAssign)) else set()
        inner = {name for part in ast.walk(node) for name in _scoped(part)}
        called = {id(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
        loads = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
        for part in sorted(loads, key=lambda name: (name.lineno, name.col_offset)):
            loaded = isinstance(part.ctx, ast.Load) or isinstance(node, ast.AugAssign)
            if loaded and id(part) not in called and part.id not in bound | local | inner:
                free[part.id] = None
        bound |= set(_stored(node))
    return tuple(free)


def _stored(node: ast.stmt) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield part.name
        elif isinstance(part, ast.alias):
            yield (part.asname or part.name).partition(".")[0]


def _scoped(part: ast.AST) -> Iterator[str]:
    """Yield names bound inside a lambda or a comprehension."""
    if isinstance(part, ast.arg):
        yield part.arg
    elif isinstance(part, ast.comprehension):
        yield from (n.id for n in ast.walk(part.target) if isinstance(n, ast.Name))


def function_of_expressions(source: str, parameters: tuple[str, ...]) -> ast.Module:
    """Return an expression cell as the definition of a function f with the cell's lines.

    One component is returned alone, several as a tuple. Imports are left out.
    """
    body = ast.parse(source).body
    results: list[ast.expr] = []
    statements: list[ast.stmt] = []
    for node in body:
        if is_component(node) and isinstance(node, ast.Expr):
            component = ast.Name(f"_component_{len(results)}", ast.Store())
            statements.append(ast.copy_location(ast.Assign([component], node.value), node))
            results.append(ast.Name(component.id, ast.Load()))
        elif not is_import(node) and not isinstance(node, ast.Expr):
            statements.append(node)
    value = results[0] if len(results) == 1 else ast.Tuple(results, ast.Load())
    statements.append(ast.copy_location(ast.Return(value), statements[-1]))
    module = ast.parse(f"def f({', '.join(parameters)}): pass")
    definition = module.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.body = statements
    return ast.fix_missing_locations(module)
