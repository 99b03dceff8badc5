"""Labels of scalar components: a name and an index, as text, Unicode and LaTeX.

Large tensors have many components, so that long sequences of labels are computed on access.
"""

from __future__ import annotations

import bisect
import itertools
import keyword
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar, overload

from jacmagic.errors import PointError
from jacmagic.render.names import code_name, tex_name, unicode_name

_S = TypeVar("_S")
_T = TypeVar("_T")

MAX_EAGER = 10_000  # labels computed at once, which takes some milliseconds


@dataclass(frozen=True)
class Label:
    """The name of one scalar component.

    Attributes:
        name: an argument's name, an output's name or a key; any text.
        index: indices into a tensor, counted as the code counts them.
        written_out: whether it stands everywhere as the code writes it; see `apart`.
    """

    name: str
    index: tuple[int, ...] = ()
    written_out: bool = False

    @cached_property
    def text(self) -> str:
        """The component in code: "x1", "x[0]", "A[0,1]"."""
        return code_name(self.name, self.index)

    @cached_property
    def unicode(self) -> str:
        """The component in a table: "x₁", "x₀", "A₀₁"; one line of printable characters."""
        return unicode_name(self.name, self.index, verbatim=self.written_out)

    @cached_property
    def tex(self) -> str:
        r"""The component in mathematics: "x_{1}", "A_{01}", "\theta_{1}"."""
        return tex_name(self.name, self.index, verbatim=self.written_out)

    @cached_property
    def symbol(self) -> str:
        """An identifier: "x1", "x_0", "A_0_1"; `symbols` makes those of many unique."""
        joined = "_".join([self.name, *map(str, self.index)])
        plain = "".join(c if f"_{c}".isidentifier() else "_" for c in joined)
        if plain.isidentifier():
            return f"{plain}_" if keyword.iskeyword(plain) else plain
        return f"_{plain}"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class LaterLabel(Label):
    """The name of a component of a variable that is bound several times: x⁽²⁾.

    Attributes:
        count: the how many-th of these values it is.
    """

    count: int = 1

    @cached_property
    def text(self) -> str:
        """The component in code, with the count in brackets: "x[0] (2)"."""
        return f"{super().text} ({self.count})"

    @cached_property
    def unicode(self) -> str:
        """The component in a table: "x₀⁽²⁾"."""
        return f"{super().unicode}⁽{str(self.count).translate(_RAISED)}⁾"

    @cached_property
    def tex(self) -> str:
        """The component in mathematics: "x_{0}^{(2)}"."""
        plain = super().tex
        base = f"{{{plain}}}" if "'" in plain else plain
        return f"{base}^{{({self.count})}}"

    @cached_property
    def symbol(self) -> str:
        """An identifier: "x_0__2"."""
        return f"{super().symbol}__{self.count}"


@dataclass(frozen=True)
class AxisLabel(Label):
    """A component of a tangent vector: δ_x, or δ_x(R) where several inputs have one.

    Attributes:
        letter: of the vector, such as "δ".
        axis: of the component, such as "x".
        alone: whether no other input has a tangent vector.
    """

    letter: str = "δ"
    axis: str = "x"
    alone: bool = True

    @cached_property
    def text(self) -> str:
        """The component in code: "δ_x", "δ_x(R)"."""
        return f"{self.letter}_{self.axis}" + ("" if self.alone else f"({self.name})")

    @cached_property
    def unicode(self) -> str:
        """The component in a table: "δ_x", "δ_x(R₁)"."""
        behind = "" if self.alone else f"({unicode_name(self.name, ())})"
        return f"{self.letter}_{self.axis}{behind}"

    @cached_property
    def tex(self) -> str:
        r"""The component in mathematics: "\delta_{x}", "\delta_{x}^{R}"."""
        above = "" if self.alone else f"^{{{tex_name(self.name, ())}}}"
        return f"{tex_name(self.letter, ())}_{{{self.axis}}}{above}"

    @cached_property
    def symbol(self) -> str:
        """An identifier: "δ_x", "δ_x_R"."""
        return f"{self.letter}_{self.axis}" + ("" if self.alone else f"_{super().symbol}")


class Lazy(Sequence[_T]):
    """A sequence whose items are computed on access."""

    def __init__(self, size: int, item: Callable[[int], _T]) -> None:
        """`item` returns the item at an index from 0 to `size` - 1."""
        self._size = size
        self._item = item

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, position: int) -> _T: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[_T, ...]: ...
    def __getitem__(self, position: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(position, slice):
            return tuple(map(self._item, range(*position.indices(self._size))))
        if not -self._size <= position < self._size:
            raise IndexError(f"expected an index below {self._size}; found {position}")
        return self._item(int(position) % self._size)


def mapped(change: Callable[[_S], _T], items: Sequence[_S]) -> Sequence[_T]:
    """Apply a function to every item; of more than `MAX_EAGER`, on access."""
    if len(items) <= MAX_EAGER:
        return [change(item) for item in items]
    return Lazy(len(items), lambda position: change(items[position]))


def labels_of(name: str, shape: Sequence[int]) -> Sequence[Label]:
    """Return one label for each component of a tensor, row-major."""
    size = math.prod(shape)
    if size <= MAX_EAGER:
        return tuple(Label(name, index) for index in itertools.product(*map(range, shape)))

    def label(position: int) -> Label:
        index: list[int] = []
        for length in reversed(shape):
            position, last = divmod(position, length)
            index.insert(0, last)
        return Label(name, tuple(index))

    return Lazy(size, label)


def joined(parts: Sequence[Sequence[Label]]) -> Sequence[Label]:
    """Concatenate sequences of labels."""
    if len(parts) == 1:
        return parts[0]
    ends = list(itertools.accumulate(map(len, parts)))
    if not ends or ends[-1] <= MAX_EAGER:
        return tuple(itertools.chain.from_iterable(parts))

    def label(position: int) -> Label:
        part = bisect.bisect_right(ends, position)
        return parts[part][position - (ends[part] - len(parts[part]))]

    return Lazy(ends[-1], label)


def symbols(labels: Iterable[Label]) -> list[str]:
    """Return identifiers for labels, different ones for different labels.

    An argument `x_0` beside a tensor `x` would share its identifier with `x[0]`; the later one gets
    an underscore more.
    """
    by_label: dict[Label, str] = {}
    used: set[str] = set()
    for label in (labels := list(labels)):
        if label not in by_label:
            symbol = label.symbol
            while symbol in used:
                symbol += "_"
            by_label[label] = symbol
            used.add(symbol)
    return [by_label[label] for label in labels]


def apart(labels: Sequence[Label]) -> list[Label]:
    """Return the labels, verbatim where one would look like another one.

    An argument `x1` beside a tensor `x` would be x₁, as `x[1]` is; the one without an index, or
    else the later one, is then written as in code.
    """
    first: dict[str, Label] = {}
    alike: set[Label] = set()
    for label in labels:
        for text in (label.tex, label.unicode):
            other = first.setdefault(text, label)
            if other != label:
                alike.add(label if other.index or not label.index else other)
    return [replace(label, written_out=True) if label in alike else label for label in labels]


def entry_of(i: int, j: int, shape: tuple[int, int], of: str = "Jacobian") -> tuple[int, int]:
    """Return row and column of an entry, where negative ones count from the end.

    Args:
        i: the row.
        j: the column.
        shape: (m, n) of the matrix.
        of: what the matrix is called in the message.

    Raises:
        PointError: there is no such entry.
    """
    m, n = shape
    if not (-m <= i < m and -n <= j < n):
        raise PointError(
            f"expected an entry of the {m} × {n} {of}; found ({i}, {j}); "
            f"count from 0: the last entry is ({m - 1}, {n - 1})"
        )
    return i % m, j % n
