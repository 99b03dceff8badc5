"""Names of the variables in a chain: x, x⁽¹⁾, x⁽²⁾ for one that is bound several times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from jacmagic.labels import Label, LaterLabel, apart
from jacmagic.symbolic.factored.variables import Variable, joined

MAX_NAMES = 3  # of variables that are taken together, in the name of the whole


def renamed(inputs: Sequence[Variable], chosen: Sequence[Variable]) -> tuple[Variable, ...]:
    """Return chosen variables with different labels where they share their names.

    Args:
        inputs: whose names stay.
        chosen: the variables, in the order of computation.
    """
    taken_names = {label.name for input_ in inputs for label in input_.labels}
    count = Counter(part.name for variable in chosen for part in _parts(variable))
    seen: Counter[str] = Counter()

    def later(part: Variable) -> Variable:
        seen[part.name] += 1
        if count[part.name] == 1 and part.name not in taken_names:
            return part
        labels = [
            LaterLabel(label.name, label.index, False, seen[part.name]) for label in part.labels
        ]
        return replace(part, labels=tuple(labels))

    counted = [[later(part) for part in _parts(variable)] for variable in chosen]
    fixed = [label for input_ in inputs for label in input_.labels]
    free = [label for parts in counted for part in parts for label in part.labels]
    labels = iter(apart([*fixed, *free])[len(fixed) :])
    return tuple(
        joined([replace(part, labels=tuple(islice(labels, part.size))) for part in parts])
        for parts in counted
    )


def _parts(variable: Variable) -> tuple[Variable, ...]:
    return variable.parts or (variable,)


def title(variable: Variable) -> list[Label]:
    """Return the names of a variable's parts, without indices; of many the first and the last.

    An input of scalars has one for each.
    """
    whole = dict.fromkeys(replace(label, index=()) for label in variable.labels)
    parts = list(whole)
    return parts if len(parts) <= MAX_NAMES else [*parts[: MAX_NAMES - 1], parts[-1]]
