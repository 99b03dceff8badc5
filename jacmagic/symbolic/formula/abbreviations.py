"""Which parts of a long formula deserve a name: "with s = softmax(x), u = x² + y²".

Names come from mathematics first (the components of a softmax, the norm of a vector), then from the
user's own variables, and then, for what is still repeated, from a short row of letters. Everything
is decided on the graph, by counting how often each part would be written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.formula.sympify import tree_sizes
from jacmagic.symbolic.graph import Graph, Sums

MOST = 6  # names beside those of softmax components
MOST_MEMBERS = 12  # components of a softmax up to which each is named
SMALLEST = 4  # symbols that a repeated part must have to be worth a letter
_LETTERS = ("u", "v", "w", "p", "q", "a", "b", "c", "d", "h")


@dataclass(frozen=True)
class Abbreviation:
    """One "with u = …".

    Attributes:
        symbol: u.
        definition: what it stands for, perhaps in terms of earlier ones.
        latex: the equation, without delimiters.
        node: the part of the graph that it names.
    """

    symbol: sympy.Symbol
    definition: sympy.Expr
    latex: str
    node: int


class Clauses:
    """Names for nodes of one graph, given out one at a time."""

    def __init__(
        self,
        graph: Graph,
        roots: Sequence[int],
        taken: Collection[str],
        *,
        letters_taken: Collection[str] = (),
    ) -> None:
        """Name parts of some roots.

        Args:
            graph: the graph.
            roots: the nodes that are shown.
            taken: identifiers that stand for something else.
            letters_taken: names that stand for something else, with whatever index.
        """
        self.graph, self.roots = graph, [root for root in roots if graph.operands(root)]
        self._reached = graph.reach(self.roots)
        self._taken, self._letters_taken = set(taken), set(letters_taken)
        self.names: dict[int, Label] = {}

    def name(self, node: int, label: Label) -> bool:
        """Give a node a name, unless the name is taken."""
        if node in self.names or label.symbol in self._taken:
            return False
        self._taken.add(label.symbol)
        self.names[node] = label
        return True

    def drop(self, nodes: Sequence[int]) -> None:
        """Take names away again."""
        for node in nodes:
            del self.names[node]

    def _free(self, letters: Sequence[str]) -> list[str]:
        """Those of some letters that stand for nothing else."""
        return [letter for letter in letters if letter not in self._letters_taken]

    def name_softmax(self) -> None:
        """Components of softmaxes are called s₀ and s₁; of a second one p₀ and p₁."""
        sums = Sums(self.graph)
        letters = iter(self._free(("s", "p", "q")))
        seen: dict[tuple[int, ...], str] = {}
        reached = set(self._reached)
        for node in self._reached:
            members = sums.softmax(node)
            if members is None or len(members) > MOST_MEMBERS or members in seen:
                continue
            seen[members] = letter = next(letters, "")
            below = self.graph.operands(node)[1]
            for place, grown in enumerate(members if letter else ()):
                share = self.graph.div(grown, below)
                if share in reached:
                    self.name(share, Label(letter, (place,)))

    def name_norms(self, vectors: Mapping[tuple[int, ...], str]) -> None:
        """Norms of whole vectors of three components or more are called ‖x‖.

        Args:
            vectors: what the components of an input or a variable are together called.
        """
        sums = Sums(self.graph)
        for node in self._reached:
            parts = sums.norm(node)
            if parts is not None and parts in vectors and len(parts) > 2:
                self.name(node, Label(f"‖{vectors[parts]}‖"))

    def name_sigmoids(self) -> None:
        """Repeated sigmoids of more than a symbol are called s, or s₀ and s₁."""
        gains = self._gains(least=SMALLEST)
        found = [n for n in gains if self.graph.operations[n] == "sigmoid" and gains[n] > 0]
        letter = next(iter(self._free(("s", "p", "q"))), "")
        for place, node in enumerate(found[:MOST] if letter else ()):
            self.name(node, Label(letter, (place,) if len(found) > 1 else ()))

    def name_variables(self, variables: Mapping[int, Label]) -> None:
        """The user's own variables, where that makes the roots shorter, the largest gain first."""
        gains = {node: gain for node, gain in self._gains(least=2).items() if gain > 1}
        families: dict[str, list[int]] = {}
        for node in sorted(gains.keys() & variables.keys()):
            families.setdefault(variables[node].name, []).append(node)
        found = sorted(families.values(), key=lambda nodes: sum(gains[n] for n in nodes))
        for nodes in found[-MOST:]:
            for node in nodes:
                self.name(node, variables[node])

    def name_repeated(self) -> None:
        """What is still repeated gets a letter, the largest gain first; its like share the letter.

        Three parts or more of the same operation and gain are a family: u₀, u₁, u₂.
        """
        for letter in self._free(_LETTERS):
            gains = self._gains(least=SMALLEST)
            if len({label.name for label in self.names.values()}) >= MOST or not gains:
                return
            best = max(gains, key=gains.__getitem__)
            if gains[best] < 8:
                return
            like = [node for node, gain in gains.items() if self._is_like(node, best, gains)]
            places = [(place,) for place in range(len(like))] if len(like) > 2 else [()]
            for node, place in zip(like if len(like) > 2 else [best], places, strict=True):
                self.name(node, Label(letter, place))

    def _is_like(self, node: int, other: int, gains: Mapping[int, int]) -> bool:
        same = self.graph.operations[node] == self.graph.operations[other]
        return same and gains[node] == gains[other]

    def _gains(self, least: int) -> dict[int, int]:
        """How many symbols naming each part would save."""
        graph = self.graph
        uses: Counter[int] = Counter(self.roots)
        uses.update(list(self.names))  # a named part is written out once
        for node in reversed(self._reached):
            once = node in self.names
            for operand in graph.operands(node):
                uses[operand] += 1 if once else uses[node]
        nodes = [
            n for n in self._reached if n not in self.names and uses[n] > 1 and _nameable(graph, n)
        ]
        sizes = dict(zip(nodes, self.sizes(nodes), strict=True))
        return {
            node: (uses[node] - 1) * (size - 1) - 2 for node, size in sizes.items() if size >= least
        }

    def sizes(self, nodes: Sequence[int]) -> list[int]:
        """How many symbols nodes have when written out, named parts counted as one."""
        return tree_sizes(self.graph, nodes, ends=self.names.keys())

    def used(self, roots: Sequence[int]) -> Iterator[int]:
        """The named nodes that roots need, directly or through other named ones, in order."""
        waiting, seen = list(roots), set[int]()
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(self.graph.operands(node))
        return (node for node in sorted(self.names) if node in seen)


def _nameable(graph: Graph, node: int) -> bool:
    """Whether a part is a number; signs, conditions and cases stay in place."""
    operation = graph.operations[node]
    return bool(graph.operands(node)) and not (
        operation in ("neg", "where") or graph.is_condition(node)
    )


def symbols_of(clauses: Clauses) -> dict[int, sympy.Symbol]:
    """Return the symbols of the parts that are named."""
    made = {}
    for node, label in clauses.names.items():
        name = f"norm_{label.name.strip('‖')}" if label.name.startswith("‖") else label.symbol
        made[node] = sympy.Symbol(name, real=True)
    return made


def tex_of(label: Label) -> str:
    """LaTeX of a part's name; that of a norm has its bars."""
    if label.name.startswith("‖"):
        return rf"\left\| {Label(label.name.strip('‖')).tex} \right\|"
    return label.tex
