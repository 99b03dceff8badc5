"""Stages as C: loops over components, whose indices are affine where they can be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from jacmagic.result.compiled.loops.calls import ARGUMENTS, Function, c_type, case_of, is_table
from jacmagic.result.compiled.loops.expressions import (
    CONSTANT,
    LOAD,
    Expression,
    constant,
)
from jacmagic.result.compiled.loops.indices import affine, extended, loop_bounds
from jacmagic.result.compiled.loops.operations import LIBRARY
from jacmagic.result.compiled.loops.stages import Call, Fill, Stage, Sum
from jacmagic.symbolic.codegen.languages import C

_BUFFERS = re.compile(r"\b([wx]\d+|[Jy])\b(?:\[@(\d+))?")  # the first component marked by @


class Source:
    """The C text of some stages, and the tables that it reads.

    Attributes:
        tables: arrays of int32 and float64, by number.
        functions: the functions that compute stages, by body and kinds of arguments.
    """

    def __init__(self, sizes: dict[str, int], *, general: bool = False) -> None:
        """Nothing is written yet.

        Args:
            sizes: of all buffers that are read or written.
            general: make bounds and steps of loops arguments, so that more stages share a
                function; constant ones make quicker loops.
        """
        self._integer = "#{}" if general else "{}"
        self.tables: list[np.ndarray] = []
        self.functions: dict[Any, Function] = {}
        self._sizes = sizes
        self._names: dict[bytes, str] = {}

    def call(self, stage: Stage) -> tuple[int, tuple[str, ...]]:
        """Return the number of a stage's function, and the arguments that it is called with.

        Stages that differ in buffers, in where they begin there, and in tables alone share a
        function.
        """
        write: Any = {Fill: self._fill, Sum: self._sum, Call: self._call}[type(stage)]
        names: dict[str, str] = {}

        def name(match: re.Match[str]) -> str:
            own = f" {len(names)}" if match[0].startswith("#") else ""  # equal by chance, perhaps
            return names.setdefault(match[0] + own, f"p{len(names)}")

        body = ARGUMENTS.sub(name, self._from_first("\n".join(write(stage))))
        kinds = [c_type(argument, stage.buffer) for argument in names]
        parameters = ", ".join(f"{kind} p{k}" for k, kind in enumerate(kinds))
        content = f"({parameters})\n{{\n{body}\n}}"
        key = content, tuple(map(is_table, names))  # tables and buffers are found in other ways
        if key not in self.functions:
            number, returns = len(self.functions), "int" if isinstance(stage, Call) else "void"
            text = f"static NOINLINE {returns} stage{number}{content}"
            self.functions[key] = Function(number, text, case_of(number, returns, names))
        return self.functions[key].number, tuple(names)

    def integer(self, number: int) -> str:
        """Return a bound or a step of a loop: itself, or an argument."""
        return self._integer.format(number)

    def table(self, array: np.ndarray) -> str:
        """Return the pointer to a table with these numbers."""
        content = array.dtype.str.encode() + array.tobytes()
        if content not in self._names:
            kind = "int" if array.dtype == np.int32 else "double"
            self._names[content] = f"((const {kind} *)tables[{len(self.tables)}])"
            self.tables.append(np.ascontiguousarray(array))
        return self._names[content]

    def _from_first(self, text: str) -> str:
        """Count the components of each buffer from the first one that is read or written."""
        first: dict[str, int] = {}
        for name, start in _BUFFERS.findall(text):
            first[name] = min(int(start or 0), first.get(name, int(start or 0)))

        def moved(match: re.Match[str]) -> str:
            name, start = match.groups()
            if start is None:
                return name
            after = self.integer(int(start) - first[name]) if int(start) > first[name] else 0
            begin = f"({name} + {first[name]})" if first[name] else name
            return f"{begin}[{after}"

        return _BUFFERS.sub(moved, text)

    # ── a buffer, component by component ──────────────────────────────────────────────────────

    def _fill(self, stage: Fill) -> Iterator[str]:
        size, name = len(stage.template), stage.buffer
        pieces = sorted(stage.pieces, key=lambda piece: -len(piece[0]))
        whole = extended(stage, pieces[0], self._sizes) if pieces else None
        if whole is not None:
            pieces[0] = np.arange(size), whole
            computed = np.zeros(size, dtype=bool)
            computed[np.concatenate([where for where, _ in stage.pieces])] = True
            constants = np.flatnonzero(~computed)
            if len(constants):
                pieces.append((constants, constant(stage.template[constants])))
        elif stage.template.any():
            length = f"{self.integer(size)} * sizeof *{name}"
            yield f"memcpy({name}, {self.table(stage.template)}, {length});"
        elif sum(len(where) for where, _ in pieces) < size:
            yield f"memset({name}, 0, {self.integer(size)} * sizeof *{name});"
        for where, expression in pieces:
            yield from self._loop(name, where, expression, stage.columns)

    def _loop(
        self, buffer: str, where: np.ndarray, expression: Expression, columns: int
    ) -> Iterator[str]:
        body = _Body(self, expression, where, columns)
        rows = self.integer(body.rows) if body.rows > 1 else 1
        yield f"for (long i = 0; i < {rows}; i++) {{"
        yield f'_Pragma("GCC ivdep") for (long j = 0; j < {self.integer(body.columns)}; j++) {{'
        yield from body.lines
        yield f"{buffer}[{body.subscript(where)}] = {body.result};"
        yield "} }"

    # ── sums ──────────────────────────────────────────────────────────────────────────────────

    def _sum(self, stage: Sum) -> Iterator[str]:
        """Write sums in eight parts, which the compiler can add up side by side."""
        where = np.arange(stage.count * stage.terms)
        body = _Body(self, stage.expression, where, stage.terms, bounds=(stage.count, stage.terms))
        start = "-INFINITY" if stage.largest else "0"
        join = "s[l] = larger(s[l], {})" if stage.largest else "s[l] += {}"
        count, terms = self.integer(stage.count), self.integer(stage.terms)
        yield f"for (long i = 0; i < {count}; i++) {{"
        yield f"double s[8]; for (int l = 0; l < 8; l++) s[l] = {start};"
        yield "long at = 0;"
        yield f"for (; at + 8 <= {terms}; at += 8) for (int l = 0; l < 8; l++) {{"
        yield from ("const long j = at + l;", *body.lines, f"{join.format(body.result)}; }}")
        yield f"for (int l = 0; at < {terms}; at++, l++) {{"
        yield from ("const long j = at;", *body.lines, f"{join.format(body.result)}; }}")
        template = "larger({}, {})" if stage.largest else "({} + {})"
        pairs = [f"s[{k}]" for k in range(8)]
        while len(pairs) > 1:
            pairs = [template.format(*pairs[k : k + 2]) for k in range(0, len(pairs), 2)]
        yield f"{stage.buffer}[i] = {pairs[0]};\n}}"

    def _call(self, stage: Call) -> Iterator[str]:
        arguments = [f"{number!r}" for number in stage.arguments]
        if stage.function == "products":  # zeros on the left are skipped beside finite numbers
            right = stage.operands[1]
            finite = right.operation == CONSTANT and np.isfinite(right.data).all()
            arguments.append(f"{int(finite)}")
        operands = map(self._place, stage.operands)
        yield f"return {stage.function}({', '.join([stage.buffer, *operands, *arguments])});"

    def _place(self, side: Expression) -> str:
        return (
            self.table(side.data)
            if side.operation == CONSTANT
            else f"({side.buffer} + {side.data[0]})"
        )


class _Body:
    """The statements that compute one component of an expression, in a loop over i and j.

    Attributes:
        rows: of the loop over i.
        columns: of the loop over j.
        lines: the statements.
        result: the last one's name, or a literal.
    """

    def __init__(
        self,
        source: Source,
        expression: Expression,
        where: np.ndarray,
        columns: int,
        bounds: tuple[int, int] | None = None,
    ) -> None:
        self._source = source
        self.lines: list[str] = []
        self._names: dict[int, str] = {}
        self._texts: dict[str, str] = {}
        arrays = [where, *(leaf.data for leaf in expression.leaves if leaf.operation == LOAD)]
        self.rows, self.columns = bounds or loop_bounds(arrays, columns)
        self.result = self._written(expression)

    def subscript(self, array: np.ndarray) -> str:
        """Return an index as a function of i and j: affine, or looked up."""
        fitted = affine(array, self.rows, self.columns)
        if fitted is None:
            table = self._source.table(array.astype(np.int32))
            return f"{table}[i*{self._source.integer(self.columns)} + j]"
        start, step, inner = fitted
        parts = [f"@{start}"]
        parts += [f"i*{self._source.integer(step)}"] * bool(step)
        parts += [f"j*{self._source.integer(inner)}" if inner != 1 else "j"] * bool(inner)
        return " + ".join(parts)

    def _written(self, expression: Expression) -> str:
        if id(expression) not in self._names:
            text = self._text(expression)
            if text not in self._texts:
                self._texts[text] = text if expression.number is not None else f"v{len(self.lines)}"
                if expression.number is None:
                    self.lines.append(f"const double {self._texts[text]} = {text};")
            self._names[id(expression)] = self._texts[text]
        return self._names[id(expression)]

    def _text(self, expression: Expression) -> str:
        data = expression.data
        if expression.operation == LOAD:
            return f"{expression.buffer}[{self.subscript(data)}]"
        if expression.operation == CONSTANT:
            if len(data) == 1:
                return C.literal(float(data[0]))
            columns = self._source.integer(self.columns)
            return f"{self._source.table(data)}[i*{columns} + j]"
        operands = [self._written(operand) for operand in expression.operands]
        if expression.operation in LIBRARY:
            return f"{expression.operation}({operands[0]})"
        return C.template(expression.operation).format(*operands)
