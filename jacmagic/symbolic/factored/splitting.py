"""Which variables a chain passes through: those that make its factors short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from jacmagic.symbolic.factored.stages import Stage, local_sources, stage_of
from jacmagic.symbolic.factored.variables import Variable, joined
from jacmagic.symbolic.formula.part_names import MAX_ENTRY_SYMBOLS
from jacmagic.symbolic.graph import ONE, ZERO
from jacmagic.symbolic.trace import Trace

# Symbols that a reader reads more, for each variable and for each factor of a chain.
SYMBOLS_PER_VARIABLE = 4
SYMBOLS_SAVED = 12  # by a vector of the outermost function, or of a layer: its steps are known
SYMBOLS_PER_UNNAMED = 24  # that the reader does not know from the code
SYMBOLS_PER_FACTOR = 2  # its name in an equation, and its brackets
MAX_FACTORS_KEPT = 6  # of a chain that is not shorter than the formula written out


@dataclass
class Splitting:
    """Inputs, chosen variables and outputs, and the stages between them.

    Attributes:
        trace: the trace of the function.
        inputs: the inputs' vectors.
        outputs: all outputs as one vector.
        chosen: the variables between them, each after those that it depends on.
    """

    trace: Trace
    inputs: tuple[Variable, ...]
    outputs: Variable
    chosen: tuple[Variable, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Inputs, chosen variables and outputs, in this order."""
        return (*self.inputs, *self.chosen, self.outputs)

    def owners(self) -> dict[int, int]:
        """Return the variable that each node belongs to: the first one; outputs own none."""
        owners: dict[int, int] = {}
        for position, variable in enumerate(self.variables[:-1]):
            for node in variable.nodes:
                owners.setdefault(node, position)
        return owners

    def stages(self) -> dict[int, Stage]:
        """Return the stages on the way from inputs to outputs, by the variable's position."""
        variables, owners = self.variables, self.owners()
        last = len(variables) - 1
        waiting, stages = [last], {}
        while waiting:
            position = waiting.pop()
            if position in stages or position < len(self.inputs):
                continue
            stage = stage_of(self.trace, position, variables, owners)
            stages[position] = stage
            waiting.extend(stage.sources)
        return dict(sorted(stages.items()))


def _reading_cost(variable: Variable) -> int:
    """Count the symbols that a variable adds to a chain; negative where it saves some."""
    if variable.unnamed:
        return SYMBOLS_PER_UNNAMED
    return -SYMBOLS_SAVED if variable.is_step and variable.size > 1 else SYMBOLS_PER_VARIABLE


def split(
    trace: Trace, inputs: Sequence[Variable], outputs: Variable, candidates: Sequence[Variable]
) -> Splitting:
    """Choose variables: parts that are used together join, those that save nothing go.

    Args:
        trace: the function's expressions and variables, as recorded.
        inputs: the inputs' vectors.
        outputs: all outputs as one vector.
        candidates: the variables that the code names, in order.
    """
    ends = tuple(inputs), outputs
    whole = _in_order(
        Splitting(
            trace, *ends, tuple(candidate for candidate in candidates if not candidate.unnamed)
        )
    )
    shortest = _pruned(_joined(_pruned(whole)))
    longest = max(
        (max(stage.lengths, default=0) for stage in shortest.stages().values()), default=0
    )
    if longest > 2 * MAX_ENTRY_SYMBOLS:  # below, a page names norms and repeated parts
        unnamed = (candidate for candidate in candidates if candidate.unnamed)
        shortest = _pruned(_in_order(Splitting(trace, *ends, (*shortest.chosen, *unnamed))))
    return shortest if shortest.chosen else _through_all(whole)


def _in_order(splitting: Splitting) -> Splitting:
    """Sort variables topologically; one of a cycle is left out."""
    variables, owners = splitting.variables, splitting.owners()
    edges = {
        position: local_sources(splitting.trace.graph, position, variables[position], owners)
        for position in range(len(splitting.inputs), len(variables) - 1)
    }
    try:
        order = list(TopologicalSorter(edges).static_order())
    except CycleError as error:
        largest = max(error.args[1], key=lambda position: variables[position].size)
        return _in_order(_without(splitting, [variables[largest]]))
    chosen = tuple(variables[position] for position in order if position in edges)
    return replace(splitting, chosen=chosen)


def _through_all(splitting: Splitting) -> Splitting:
    """Keep the variables through which everything flows, as many as a page shows."""
    bottlenecks: list[Variable] = []
    for variable in splitting.chosen:
        alone = replace(splitting, chosen=(variable,))
        stages = alone.stages()
        if stages[len(alone.variables) - 1].sources == (len(splitting.inputs),):
            bottlenecks.append(variable)
    return replace(splitting, chosen=tuple(bottlenecks[-MAX_FACTORS_KEPT:]))


def _cost(splitting: Splitting) -> int:
    """Count the symbols of all definitions and factors of a chain."""
    total, outputs = 0, len(splitting.variables) - 1
    for position, stage in splitting.stages().items():
        if position != outputs:
            total += _reading_cost(stage.variable) + stage.definition
        lengths = zip(stage.form.entries, stage.lengths, strict=True)
        total += sum(length for node, length in lengths if node not in (ZERO, ONE))
        total += SYMBOLS_PER_FACTOR * len(stage.sources)
    return total


def _without(splitting: Splitting, variables: Sequence[Variable]) -> Splitting:
    chosen = tuple(variable for variable in splitting.chosen if variable not in variables)
    return replace(splitting, chosen=chosen)


def _pruned(splitting: Splitting) -> Splitting:
    """Leave out variables as long as that makes the chain shorter, the deepest first."""
    best, least = splitting, _cost(splitting)
    while True:
        before = least
        for variable in sorted(
            best.chosen, key=lambda variable: (not variable.unnamed, -variable.depth, variable.size)
        ):
            fewer = _without(best, [variable])
            length = _cost(fewer)
            if length < least:
                best, least = fewer, length
        if least >= before:
            return best


def _joined(splitting: Splitting) -> Splitting:
    """Take together the variables that have the same sources and the same uses."""
    while True:
        stages, inputs = splitting.stages(), len(splitting.inputs)
        uses: dict[int, set[int]] = {}
        for position, stage in stages.items():
            for source in stage.sources:
                uses.setdefault(source, set()).add(position)
        alike: dict[tuple[tuple[int, ...], frozenset[int]], list[int]] = {}
        for position in list(stages)[:-1]:
            key = stages[position].sources, frozenset(uses[position])
            alike.setdefault(key, []).append(position)
        twins = next((group for group in alike.values() if len(group) > 1), None)
        if twins is None:
            return splitting
        together = joined([splitting.variables[k] for k in twins])
        chosen = list(splitting.chosen)
        chosen[twins[0] - inputs] = together
        for position in reversed(twins[1:]):
            del chosen[position - inputs]
        splitting = replace(splitting, chosen=tuple(chosen))
