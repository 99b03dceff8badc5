"""Rewriting of a function's code, so that it offers its local constants by name.

`g = 9.81` in a function leaves no trace of its name in what is computed. While names are kept, a
function therefore runs as compiled anew from its source, where such an assignment reads
`g = offered("g", 9.81)`. That is done only where the source, compiled as it is, gives the very
bytecode of the function.
"""

from __future__ import annotations
import __future__

import ast
import copy
import dis
import inspect
import types
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from jacmagic.function.source import lines_of
from jacmagic.function.syntax.single_names import constants_of, is_number, single_names

OFFERED = "__jacmagic_offered__"  # a builtin of copied functions, out of the way of users' names
_FUTURE = sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
_ALIKE = {"LOAD_METHOD": "LOAD_ATTR"}
_CALLS = frozenset({"PUSH_NULL", "PRECALL", "EXTENDED_ARG", "CACHE"})
# Flags that tell where a function is defined; in a class only Python 3.14 has one.
_SCOPE = inspect.CO_NESTED | getattr(inspect, "CO_METHOD", 0)
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs})
_Def = ast.FunctionDef | ast.AsyncFunctionDef
_known: WeakKeyDictionary[types.CodeType, types.CodeType | None] = WeakKeyDictionary()


def offering_code(code: types.CodeType) -> types.CodeType:
    """Return code of the same effect that offers local constants; the code itself without any."""
    if code not in _known:
        try:
            _known[code] = _compiled_anew(code)
        except (OSError, SyntaxError, ValueError, RecursionError):  # no source, or an odd one
            _known[code] = None
    return _known[code] or code


def _compiled_anew(code: types.CodeType) -> types.CodeType | None:
    """Return the code with offers; None without local constants, or without its true source."""
    if code.co_name.startswith("<"):
        return None
    lines, start = lines_of(code)
    source = "".join(lines)
    definition = _parsed(source, start)
    if definition.name != code.co_name or _compiled(definition, code) != _comparable(code):
        return None  # torch's decorators have names of their own
    tree = _SingleTargets().visit(_parsed(source, start))
    offers = list(_with_offers(tree))
    if not offers:
        return None
    return _built(tree, code).replace(co_firstlineno=code.co_firstlineno)


class _SingleTargets(ast.NodeTransformer):
    """Write `m1 = m2 = 1.0` as two assignments, so that each name has a number of its own."""

    def visit_Assign(self, node: ast.Assign) -> list[ast.Assign]:
        targets = [[target] for target in node.targets] if is_number(node.value) else [node.targets]
        return [
            ast.copy_location(ast.Assign(some, copy.deepcopy(node.value)), node) for some in targets
        ]


def _parsed(source: str, start: int) -> _Def:
    """Return a function's definition at its own lines, without decorators."""
    tree = ast.parse(f"if 1:\n{source}" if source[:1].isspace() else f"\n{source}")
    definition = tree.body[0].body[0] if isinstance(tree.body[0], ast.If) else tree.body[0]
    if not isinstance(definition, _Def):
        raise ValueError("no definition of a function")
    ast.increment_lineno(definition, start - 2)
    definition.decorator_list = []
    return definition


def _built(definition: _Def, code: types.CodeType) -> types.CodeType:
    """Compile a definition within a function that has its free variables."""
    names = [ast.arg(name, lineno=1, col_offset=0) for name in code.co_freevars]
    outer = ast.parse("def _(): pass").body[0]
    assert isinstance(outer, ast.FunctionDef)
    outer.args.args, outer.body = names, [definition]
    module = compile(
        ast.Module([outer], []), code.co_filename, "exec", code.co_flags & _FUTURE, True
    )
    inner = next(const for const in module.co_consts if isinstance(const, types.CodeType))
    return next(
        const
        for const in inner.co_consts
        if isinstance(const, types.CodeType) and const.co_name == code.co_name
    )


def _compiled(definition: _Def, code: types.CodeType) -> object:
    return _comparable(_built(definition, code))


def _comparable(code: types.CodeType) -> object:
    """Return what makes two pieces of code do the same.

    Python compiles a call of an imported module's function otherwise than a call of a method, and
    sees the import only beside the function: such differences are left out.
    """
    instructions = [
        (
            _ALIKE.get(instruction.opname, instruction.opname),
            None if instruction.opcode in _JUMPS else _argument(instruction),
        )
        for instruction in dis.get_instructions(code)
        if instruction.opname not in _CALLS
    ]
    variables = (code.co_varnames, code.co_cellvars, code.co_freevars)
    return instructions, variables, code.co_flags & ~_SCOPE


def _argument(instruction: dis.Instruction) -> object:
    value = instruction.argval
    if instruction.opname.startswith("CALL"):
        return None
    return _comparable(value) if isinstance(value, types.CodeType) else (type(value), value)


def _with_offers(definition: _Def) -> Iterator[str]:
    """Wrap the constants of a definition, and of those inside it; yield their names."""
    for scope in ast.walk(definition):
        if isinstance(scope, _Def):
            for name, owner, field, position in constants_of(scope, single_names(scope)):
                child = getattr(owner, field)
                value = child if position is None else child[position]
                call = ast.copy_location(_offer(name, value), value)
                if position is None:
                    setattr(owner, field, ast.fix_missing_locations(call))
                else:
                    child[position] = ast.fix_missing_locations(call)
                yield name


def _offer(name: str, value: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(OFFERED, ast.Load()), [ast.Constant(name), value], [])
