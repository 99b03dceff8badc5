"""Slips of the derivation: one rule of differentiation applied wrongly at one node."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jacmagic.result.check.expressions import Expressions, Values
from jacmagic.result.check.slips.entry import factor_slip
from jacmagic.result.check.slips.evidence import Evidence
from jacmagic.result.check.slips.rules import (
    WRONG_RULES,
    Line,
    Operands,
    wrong_constants,
    wrong_slopes,
)
from jacmagic.result.check.slips.slip import Slip, WrongEntry
from jacmagic.result.check.slips.terms import product, summands, term_slip
from jacmagic.symbolic.graph import BudgetExceeded
from jacmagic.symbolic.graph.derivatives import PARTIALS

MAX_NODES = 400  # of an output whose every node is tried

_CONSTANT = frozenset(
    {"inner derivative", "outer derivative", "power", "factor", "denominator", "constant"}
)

_KINDS = {"term": "missing term", "rule": "wrong rule", "function": "wrong function"}


def rule_or_factor(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return the rule that was applied wrongly, or a constant factor that no rule explains."""
    rule, factor = derivation_slip(evidence, wrong), factor_slip(evidence, wrong)
    if rule is not None and rule.kind == "missing term":  # a term of the entry says more
        rule = term_slip(evidence, wrong) or rule
    return rule if factor is None or (rule and rule.kind in _CONSTANT) else factor


def derivation_slip(evidence: Evidence, wrong: WrongEntry) -> Slip | None:
    """Return the rule that was applied wrongly, or None."""
    form, values = evidence.form, evidence.form_values
    if form is None or values is None or not form.outputs:
        return None
    if len(form.graph.reach([form.outputs[wrong.row]])) > MAX_NODES:
        return None
    try:
        adjoints = Adjoints(form, values, wrong.row)
        with np.errstate(all="ignore"):
            return _first(evidence, wrong, adjoints)
    except (BudgetExceeded, KeyError):  # the graph is full, or an operation has no derivative
        return None


def _first(evidence: Evidence, wrong: WrongEntry, adjoints: Adjoints) -> Slip | None:
    tangents = adjoints.tangents(wrong.column)
    best: tuple[int, Slip] | None = None
    for node, tangent in tangents.items():
        ways = [adjoints.slope(node), *adjoints.edges(node)]
        for rank, (kind, clause, mistaken) in enumerate(_lines(adjoints, node, tangents)):
            change = mistaken - tangent
            if not np.isfinite(change).all() or wrong.equal(mistaken, tangent):
                continue
            if any(wrong.explained_by(wrong.truth + slope * change) for slope in ways):
                slip = _named(evidence, adjoints, node, kind, clause, tangents)
                is_sum = adjoints.form.graph.operations[node] in ("add", "sub")
                rank += 100 * (kind == "constant") + 50 * is_sum  # other names come first
                if best is None or rank < best[0]:
                    best = rank, slip
                break
    return None if best is None else best[1]


def _lines(adjoints: Adjoints, node: int, tangents: dict[int, np.ndarray]) -> Iterator[Line]:
    """Yield wrong derivatives of a node."""
    graph = adjoints.form.graph
    operation, operands = graph.operations[node], graph.operands(node)
    zero = np.zeros(adjoints.values.size)
    if not operands or operation == "where":
        return
    parts = [adjoints.values.of(operand) for operand in operands]
    slopes = [tangents.get(operand, zero) for operand in operands]
    of = Operands(adjoints.values.of(node), parts[0], parts[-1], slopes[0], slopes[-1])
    if operation in WRONG_RULES:
        yield from WRONG_RULES[operation](of)
    elif len(operands) == 1:
        slope = dict(adjoints.partials(node)).get(operands[0], zero)
        yield from wrong_slopes(operation, of, slope)
    yield "term", "left out", zero
    if operation in ("add", "sub", "mul"):
        yield from wrong_constants(operation, of)
    if operation in ("add", "sub"):
        constant_terms = _constants(adjoints, node, tangents)
        yield "constant", "with the constant terms kept", tangents[node] + constant_terms


def _constants(adjoints: Adjoints, node: int, tangents: dict[int, np.ndarray]) -> np.ndarray:
    """Return the sum of a sum's terms that are constant."""
    terms = summands(adjoints.form, adjoints.values, node)
    return np.sum([term.value for term in terms if term.node not in tangents], axis=0)


def _named(
    evidence: Evidence,
    adjoints: Adjoints,
    node: int,
    kind: str,
    clause: str,
    tangents: dict[int, np.ndarray],
) -> Slip:
    """Return the slip with the node's text, and the inner derivative's where that is missing."""
    text = adjoints.form.text(node) or "a long expression"
    if kind == "inner derivative":
        slope = tangents[adjoints.form.graph.operands(node)[0]]
        inner = (slope[0], "1") if np.ptp(slope) == 0 else evidence.named(slope)
        factor = f", the factor {product(*inner).removesuffix('·1')}" if inner else ""
        return Slip(kind, f"the inner derivative of {text} is missing{factor}")
    if clause == "left out":
        return Slip("missing term", f"the dependence through {text} is left out")
    return Slip(_KINDS.get(kind, kind), f"{text} is differentiated {clause}")


class Adjoints:
    """Derivatives on the function's own graph, as numbers: ∂node/∂xⱼ and ∂fᵢ/∂node.

    With both, a mistake in the derivative of one node changes the entry by ∂fᵢ/∂node times the
    mistake, so that each hypothesis costs one product.

    Attributes:
        order: the nodes of fᵢ in topological order.
    """

    def __init__(self, form: Expressions, values: Values, row: int) -> None:
        """Run the reverse pass at all points."""
        self.form, self.values = form, values
        self.root = form.outputs[row]
        self.order = form.graph.reach([self.root])
        self._slopes: dict[int, np.ndarray] = {self.root: np.ones(values.size)}
        with np.errstate(all="ignore"):
            for node in reversed(self.order):
                if node in self._slopes:
                    for operand, partial in self.partials(node):
                        term = self._slopes[node] * partial
                        self._slopes[operand] = self._slopes.get(operand, 0.0) + term

    def slope(self, node: int) -> np.ndarray:
        """Return ∂fᵢ/∂node, (k,)."""
        return self._slopes.get(node, np.zeros(self.values.size))

    def partials(self, node: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each operand with the node's partial derivative by it."""
        graph, operation = self.form.graph, self.form.graph.operations[node]
        operands = graph.operands(node)
        if not operands or graph.is_condition(node):
            return
        if operation == "where":
            holds = self.values.of(operands[0]) != 0
            yield operands[1], holds.astype(float)
            yield operands[2], (~holds).astype(float)
            return
        for operand, partial in zip(
            operands, PARTIALS[operation](graph, node, *operands), strict=True
        ):
            if partial is not None:
                yield operand, self.values.of(partial)

    def tangents(self, column: int) -> dict[int, np.ndarray]:
        """Return ∂node/∂xⱼ of the nodes that depend on xⱼ, (k,) each."""
        seed = self.form.inputs[column]
        tangents: dict[int, np.ndarray] = {}
        with np.errstate(all="ignore"):
            for node in self.order:
                if node == seed:
                    tangents[node] = np.ones(self.values.size)
                    continue
                parts = [tangents[o] * p for o, p in self.partials(node) if o in tangents]
                if parts:
                    tangents[node] = np.sum(parts, axis=0)
        return tangents

    def edges(self, node: int) -> Iterator[np.ndarray]:
        """Yield ∂fᵢ/∂node by way of each operation that uses the node, if there are several."""
        users = [user for user in self.order if node in self.form.graph.operands(user)]
        if len(users) < 2:
            return
        for user in users:
            yield np.sum(
                [self.slope(user) * p for o, p in self.partials(user) if o == node], axis=0
            )
