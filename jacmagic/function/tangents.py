"""Problems on manifolds: inputs are replaced by tangent vectors at their values.

`wrt="SO3:right"`, `wrt="R=SO3:right, t"` or `wrt={"R": "SO3:right", "t": None}` ─parse─▶ names and
manifolds ─▶ a problem whose inputs on manifolds are tangent vectors δ = 0.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from jacmagic.errors import OptionError, PointError
from jacmagic.function.components import flat
from jacmagic.function.inputs import Input
from jacmagic.function.interop.silence import silent
from jacmagic.function.manifolds import MANIFOLDS, Manifold
from jacmagic.function.outputs import flatten
from jacmagic.function.problem import Problem, Tangent
from jacmagic.labels import AxisLabel, Label

ALL = ""  # stands for the one input that fits a manifold without a name
Charts = Mapping[str, Manifold]


def split_wrt(wrt: Any) -> tuple[Any, Charts]:
    """Return the names of inputs and the manifolds that `wrt` gives some of them.

    Args:
        wrt: what `jacobian` takes: names, or a dict of names and manifolds.

    Raises:
        PointError: there is no such manifold.
    """
    if wrt is None:
        return None, {}
    if isinstance(wrt, Mapping):
        charts = {
            name: _manifold(manifold) for name, manifold in wrt.items() if manifold is not None
        }
        return list(wrt), charts
    parts = wrt.split(",") if isinstance(wrt, str) else list(wrt)
    if not any(isinstance(part, str) and _is_manifold(part) for part in parts):
        return wrt, {}
    names, charts = [], {}
    for part in map(str.strip, parts):
        name, equals, value = part.rpartition("=")
        if not _is_manifold(part):
            names.append(part)
        elif equals:
            names.append(name.strip())
            charts[name.strip()] = _manifold(value.strip())
        else:
            charts[ALL] = _manifold(value)
    if ALL in charts and names:
        spelled = charts[ALL].spelled
        raise PointError(
            f"expected the name of the input on {spelled} beside other names; found none; "
            f"write wrt='R={spelled},{names[0]}'"
        )
    single = len(names) == 1
    return (names[0] if single else names) or None, charts


def names_without_manifolds(wrt: Any, out: str | None, caller: str, instead: str) -> Any:
    """Return the names of `wrt`; refuse manifolds where there is no use for them.

    Args:
        wrt: what `jacobian` takes.
        out: the manifold of the output, or None.
        caller: where that is, such as "with batch=True".
        instead: what to write.

    Raises:
        OptionError: there is a manifold.
    """
    names, charts = split_wrt(wrt)
    if charts or out is not None:
        raise OptionError(
            f"expected inputs and outputs on no manifold {caller}; found one; write {instead}"
        )
    return names


def _is_manifold(part: str) -> bool:
    value = part.rpartition("=")[2].strip()
    return ":" in value or value in {manifold.name for manifold in MANIFOLDS.values()}


def _manifold(text: str) -> Manifold:
    manifold = MANIFOLDS.get(str(text).replace(" ", ""))
    if manifold is None:
        names = ", ".join(dict.fromkeys(manifold.name for manifold in MANIFOLDS.values()))
        raise PointError(
            f"expected a manifold among {names} with its side; found {text!r}; "
            "write SO3:right for R exp(δ^), or SO3:left for exp(δ^) R"
        )
    return manifold


def problem_on(wrt: Any, out: Any, make: Callable[[Any], Problem]) -> Problem:
    """Return the problem that `wrt` and `out` ask for.

    Args:
        wrt: names and manifolds of inputs.
        out: the manifold of the output, or None.
        make: returns the ordinary problem of some names.

    Raises:
        PointError: a manifold does not fit its input or the output.
    """
    names, charts = split_wrt(wrt)
    problem = make(names)
    if ALL in charts:
        chart = charts[ALL]
        fitting = [
            input_.name for input_ in problem.inputs if tuple(input_.value.shape) == chart.shape
        ]
        if len(fitting) != 1:
            listed = ", ".join(fitting) or "none"
            raise PointError(
                f"expected one input of shape {chart.shape} for {chart.spelled}; found {listed}; "
                f"write wrt='{(fitting or ['R'])[0]}={chart.spelled}'"
            )
        problem = problem if len(problem.inputs) == 1 else make(fitting[0])
        charts = {fitting[0]: chart}
    output = None if out is None else _manifold(out)
    return on_tangents(problem, charts, output) if charts or output is not None else problem


@dataclass(frozen=True, eq=False)
class Spaces(Tangent):
    """The tangent spaces of a problem at its point."""

    ambient: Problem
    charts: tuple[Manifold | None, ...]
    output: Manifold | None

    @functools.cached_property
    def value(self) -> Tensor:
        """The output at the point, of which tangent vectors of the output are taken."""
        assert self.output is not None
        with torch.no_grad(), silent():
            leaves = flatten(self.ambient.function(*self.ambient.tensors)).leaves
        if len(leaves) != 1:
            raise PointError(
                f"expected one output on {self.output.spelled}; found {len(leaves)}; "
                "return the rotation, pose or quaternion alone"
            )
        self.output.require(leaves[0], "the output")
        return leaves[0].detach()

    @property
    def law(self) -> str:
        """How tangent vectors change inputs, and the output: "R ← R exp(δ^)"."""
        pairs = zip(self.ambient.inputs, self.charts, strict=True)
        laws = [chart.law(input_.name) for input_, chart in pairs if chart is not None]
        title = self.ambient.title
        return ", ".join([*laws, *([] if self.output is None else [self.output.law(title)])])

    def run(self, *tensors: Tensor) -> Any:
        """Return the function's value at tangent vectors, or its own tangent vector."""
        values = [
            tensor if chart is None else chart.retract(input_.value, tensor)
            for tensor, chart, input_ in zip(tensors, self.charts, self.ambient.inputs, strict=True)
        ]
        value = self.ambient.function(*values)
        if self.output is None:
            return value
        return self.output.coordinates(
            self.value, flat(flatten(value).leaves).reshape(self.output.shape)
        )

    def rows(self) -> Sequence[Label] | None:
        """Return the labels of the output's tangent vector."""
        if self.output is None:
            return None
        return _axes(self.ambient.title, self.output, alone=False)

    def moved(self, values: Mapping[str, Any]) -> Problem:
        """Return the problem at other values; a tangent vector leads to one from here."""
        values_by_name = dict(values)
        for input_, chart in zip(self.ambient.inputs, self.charts, strict=True):
            if chart is None or input_.name not in values_by_name:
                continue
            value = torch.as_tensor(values_by_name[input_.name], dtype=input_.value.dtype)
            if tuple(value.shape) == (len(chart.axes),):
                values_by_name[input_.name] = chart.retract(input_.value, value)
        ambient = self.ambient.at(values_by_name)
        charts = {
            input_.name: chart
            for input_, chart in zip(ambient.inputs, self.charts, strict=True)
            if chart is not None
        }
        return on_tangents(ambient, charts, self.output)


def on_tangents(problem: Problem, charts: Charts, output: Manifold | None) -> Problem:
    """Return a problem whose inputs on manifolds are tangent vectors, at 0.

    Raises:
        PointError: a value is not on its manifold.
    """
    for name in charts:
        if name not in problem.point:
            raise PointError(
                f"expected inputs among {', '.join(problem.point)} on manifolds; found {name!r}; "
                "write one of these names"
            )
    chosen = tuple(charts.get(input_.name) for input_ in problem.inputs)
    alone = len(charts) == 1
    inputs = []
    for input_, chart in zip(problem.inputs, chosen, strict=True):
        if chart is None:
            inputs.append(input_)
            continue
        chart.require(input_.value, input_.name)
        labels = _axes(input_.name, chart, alone=alone)
        zero = input_.value.new_zeros(len(chart.axes))
        inputs.append(Input(input_.name, zero, functools.partial(_given, labels)))
    spaces = Spaces(problem, chosen, output)
    if output is not None:
        _ = spaces.value  # refused here, and not while the Jacobian is computed

    def function(*tensors: Tensor) -> Any:
        return spaces.run(*tensors)

    return dataclasses.replace(
        problem,
        function=function,
        inputs=tuple(inputs),
        notes=(f"derivatives at δ = 0 by {spaces.law}", *problem.notes),
        call=None,
        user_function=None,
        tangent=spaces,
    )


def _axes(name: str, chart: Manifold, *, alone: bool) -> tuple[Label, ...]:
    return tuple(
        AxisLabel(name, (k,), False, letter, axis, alone)
        for k, (letter, axis) in enumerate(chart.axes)
    )


def _given(labels: Sequence[Label], name: str) -> Sequence[Label]:
    return labels
