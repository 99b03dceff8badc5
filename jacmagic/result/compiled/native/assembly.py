"""A straight-line program as LLVM assembly: one point, and a loop over points.

The text is of fixed templates, slot numbers and literals. Without "fast" flags LLVM rounds as IEEE
754 says and contracts nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from jacmagic.result.compiled.native.straight import Straight
from jacmagic.symbolic.graph import OPERATIONS

_LIBRARY = frozenset(
    "exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc "
    "lgamma j0 j1 y0 y1 atan2 pow fmod".split()
)
_INTRINSIC = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor", "ceil": "ceil"}
_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_COMPARISON = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_LOGIC = {"and": "and", "or": "or"}


class NotInLLVM(Exception):
    """An operation that LLVM and the C library have no function for."""


def assembly(program: Straight, types: Sequence[str], result: str) -> str:
    """Return the functions `at` and `many` of a program, as `c_source` has them.

    Args:
        program: what to compute.
        types: of the inputs, "double" or "float".
        result: type of the entries.

    Raises:
        NotInLLVM: for an operation that is not known here.
    """
    writer = _Writer(program, types)
    body = [*writer.inputs(), *writer.operations(), *writer.results(result)]
    pointers = ", ".join(f"ptr %x{k}" for k in range(len(types)))
    return "\n".join(
        [
            *(f"declare double @{name}({', '.join(['double'] * n)})" for name, n in writer.used()),
            f"define i32 @at(ptr %J, ptr %y, {pointers}) {{\nentry:",
            *(f"  {line}" for line in body),
            "}",
            *_many(program, types, result),
        ]
    )


class _Writer:
    """Writer of one program's operations, in order."""

    def __init__(self, program: Straight, types: Sequence[str]) -> None:
        self.program, self.types = program, types
        self.tape = program.tape
        self.names: list[str] = []  # of all slots so far
        self.truths: set[int] = set()  # slots that are i1
        self._functions: dict[str, int] = {}
        self._count = 0
        self._lines: list[str] = []

    def used(self) -> list[tuple[str, int]]:
        """Return the functions that are called, with their numbers of arguments."""
        return list(self._functions.items())

    def inputs(self) -> Iterator[str]:
        """Return loads of all components, as double."""
        for k, (size, kind) in enumerate(zip(self.program.sizes, self.types, strict=True)):
            for i in range(size):
                yield f"%p{k}.{i} = getelementptr {kind}, ptr %x{k}, i64 {i}"
                yield f"%l{k}.{i} = load {kind}, ptr %p{k}.{i}"
                if kind == "float":
                    yield f"%d{k}.{i} = fpext float %l{k}.{i} to double"
                self.names.append(f"%{'d' if kind == 'float' else 'l'}{k}.{i}")
        self.names += [literal(value) for value in self.tape.constants]

    def operations(self) -> Iterator[str]:
        """All operations of the tape."""
        for operation, *reads in self.tape.operations:
            slot, self._lines = len(self.names), []
            condition = operation in OPERATIONS and OPERATIONS[operation].condition
            name = self._truth(operation, reads) if condition else self._number(operation, reads)
            if condition:
                self.truths.add(slot)
            self.names.append(name)
            yield from self._lines

    def _new(self, text: str) -> str:
        self._count += 1
        self._lines.append(f"%v{self._count} = {text}")
        return f"%v{self._count}"

    def _double(self, slot: int) -> str:
        name = self.names[slot]
        return self._new(f"uitofp i1 {name} to double") if slot in self.truths else name

    def _bit(self, slot: int) -> str:
        name = self.names[slot]
        return name if slot in self.truths else self._new(f"fcmp une double {name}, {literal(0)}")

    def _call(self, name: str, *arguments: str) -> str:
        self._functions[name] = len(arguments)
        listed = ", ".join(f"double {argument}" for argument in arguments)
        return self._new(f"call double @{name}({listed})")

    def _choose(self, condition: str, a: str, b: str) -> str:
        return self._new(f"select i1 {condition}, double {a}, double {b}")

    def _truth(self, operation: str, reads: Sequence[int]) -> str:
        if operation in _COMPARISON:
            a, b = map(self._double, reads)
            return self._new(f"fcmp {_COMPARISON[operation]} double {a}, {b}")
        bits = [self._bit(read) for read in reads]
        if operation == "not":
            return self._new(f"xor i1 {bits[0]}, true")
        return self._new(f"{_LOGIC[operation]} i1 {bits[0]}, {bits[1]}")

    def _number(self, operation: str, reads: Sequence[int]) -> str:
        if operation == "where":
            bit = self._bit(reads[0])
            return self._choose(bit, self._double(reads[1]), self._double(reads[2]))
        x = [self._double(read) for read in reads]
        if operation in _ARITHMETIC:
            return self._new(f"{_ARITHMETIC[operation]} double {x[0]}, {x[1]}")
        if operation in _INTRINSIC:
            return self._call(f"llvm.{_INTRINSIC[operation]}.f64", *x)
        special = getattr(self, f"_{operation}", None)
        if special is not None:
            return special(*x)
        if operation in _LIBRARY:
            return self._call(operation, *x)
        raise NotInLLVM(f"LLVM has no function for {operation}")

    def _neg(self, x: str) -> str:
        return self._new(f"fneg double {x}")

    def _pow(self, base: str, exponent: str) -> str:
        if exponent in (literal(2), literal(3)):
            square = self._new(f"fmul double {base}, {base}")
            return square if exponent == literal(2) else self._new(f"fmul double {square}, {base}")
        return self._call("pow", base, exponent)

    def _first(self, comparison: str, a: str, b: str) -> str:
        """Return the operand a where it is nan or stands so to b; else b, nan included."""
        wins = self._new(f"fcmp {comparison} double {a}, {b}")
        nan = self._new(f"fcmp uno double {a}, {a}")
        return self._choose(self._new(f"or i1 {nan}, {wins}"), a, b)

    def _max(self, a: str, b: str) -> str:
        return self._first("ogt", a, b)

    def _min(self, a: str, b: str) -> str:
        return self._first("olt", a, b)

    def _clamp(self, x: str, low: str, high: str) -> str:
        return self._min(self._max(x, low), high)

    def _relu(self, x: str) -> str:
        return self._first("ogt", x, literal(0))

    def _sign(self, x: str) -> str:
        above = self._new(f"fcmp ogt double {x}, {literal(0)}")
        below = self._new(f"fcmp olt double {x}, {literal(0)}")
        return self._choose(above, literal(1), self._choose(below, literal(-1), self._kept(x)))

    def _kept(self, x: str) -> str:
        """0, or nan where x is nan."""
        nan = self._new(f"fcmp uno double {x}, {x}")
        return self._choose(nan, x, literal(0))

    def _sigmoid(self, x: str) -> str:
        small = self._call("exp", self._neg(self._call("llvm.fabs.f64", x)))
        above = self._new(f"fcmp oge double {x}, {literal(0)}")
        top = self._choose(above, literal(1), small)
        return self._new(f"fdiv double {top}, {self._new(f'fadd double {literal(1)}, {small}')}")

    def _mod(self, a: str, b: str) -> str:
        rest = self._call("fmod", a, b)
        signs = [self._new(f"fcmp olt double {operand}, {literal(0)}") for operand in (rest, b)]
        apart = self._new(f"xor i1 {signs[0]}, {signs[1]}")
        other = self._new(f"and i1 {apart}, {self._new(f'fcmp une double {rest}, {literal(0)}')}")
        return self._choose(other, self._new(f"fadd double {rest}, {b}"), rest)

    def results(self, result: str) -> Iterator[str]:
        """Yield the status, and the stores where it is 0."""
        program, outputs, self._lines = self.program, self.tape.outputs, []
        values = outputs[program.guards : program.guards + program.values]
        entries = outputs[program.guards + program.values :][: program.entries]
        status, total = "0", literal(0)
        for slot in program.moving:
            zero = self._new(f"fmul double {self._double(slot)}, {literal(0)}")
            total = self._new(f"fadd double {total}, {zero}")
        finite = self._new(f"fcmp oeq double {total}, {literal(0)}")
        status = self._new(f"select i1 {finite}, i32 0, i32 {program.guards + 1}")
        for number, slot in reversed(list(enumerate(outputs[: program.guards], 1))):
            status = self._new(f"select i1 {self._bit(slot)}, i32 {status}, i32 {number}")
        holds = self._new(f"icmp eq i32 {status}, 0")
        yield from self._lines
        yield f"br i1 {holds}, label %J.asked, label %done\nJ.asked:"
        yield from self._store("J", entries, result, "y.asked")
        yield from self._store("y", values, "double", "done")
        yield f"ret i32 {status}"

    def _store(self, name: str, slots: Sequence[int], kind: str, after: str) -> Iterator[str]:
        yield f"%{name}.none = icmp eq ptr %{name}, null"
        yield f"br i1 %{name}.none, label %{after}, label %{name}.stores\n{name}.stores:"
        self._lines = []
        for k, slot in enumerate(slots):
            value = self._double(slot)
            if kind == "float":
                value = self._new(f"fptrunc double {value} to float")
            self._lines.append(f"%{name}{k} = getelementptr {kind}, ptr %{name}, i64 {k}")
            self._lines.append(f"store {kind} {value}, ptr %{name}{k}")
        yield from self._lines
        yield f"br label %{after}\n{after}:"


def literal(value: float) -> str:
    """Return a double by its bits."""
    return f"0x{struct.pack('>d', float(value)).hex().upper()}"


def _many(program: Straight, types: Sequence[str], result: str) -> Iterator[str]:
    """Yield a loop over points."""
    pointers = "".join(f", ptr %x{k}" for k in range(len(types)))
    moved = "".join(f", ptr %m{k}" for k in range(len(types)))
    yield f"define void @many(i64 %count, ptr %J, ptr %y, ptr %status{pointers}) {{"
    yield "entry:\n  %none = icmp sle i64 %count, 0\n  br i1 %none, label %done, label %loop"
    yield "loop:\n  %p = phi i64 [0, %entry], [%next, %loop]"
    steps = [("j", "J", result, program.entries), ("v", "y", "double", program.values)]
    steps += [(f"m{k}", f"x{k}", types[k], size) for k, size in enumerate(program.sizes)]
    for name, base, kind, size in steps:
        yield f"  %{name}.o = mul i64 %p, {size}"
        yield f"  %{name} = getelementptr {kind}, ptr %{base}, i64 %{name}.o"
    yield "  %no.y = icmp eq ptr %y, null\n  %w = select i1 %no.y, ptr null, ptr %v"
    yield f"  %s = call i32 @at(ptr %j, ptr %w{moved})"
    yield "  %t = getelementptr i32, ptr %status, i64 %p\n  store i32 %s, ptr %t"
    yield "  %next = add i64 %p, 1\n  %end = icmp eq i64 %next, %count"
    yield "  br i1 %end, label %done, label %loop\ndone:\n  ret void\n}"
