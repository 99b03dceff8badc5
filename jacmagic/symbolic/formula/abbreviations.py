"""Abbreviations for parts of a long formula: "with s = softmax(x), u = x² + y²".

Names come from mathematics first (the components of a softmax, the norm of a vector), then from the
user's own variables, and then, for what is still repeated, from a short row of letters. All is
decided on the graph, by counting how often each part would be written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy

from jacmagic.labels import Label
from jacmagic.symbolic.graph import Graph, Sums
from jacmagic.symbolic.graph.passes import tree_sizes

MAX_NAMES = 6  # beside those of softmax components; more are not remembered while reading
MAX_MEMBERS = 12  # components of a softmax up to which each is named
MIN_SYMBOLS = 4  # of a repeated part that is worth a letter
MIN_SYMBOLS_SAVED = 8  # symbols that a letter has to save
_SYMBOLS_OF_DEFINITION = 2  # symbols that a definition itself takes: the letter and "="
_LETTERS = ("u", "v", "w", "p", "q", "a", "b", "c", "h")  # d is that of derivatives


@dataclass(frozen=True)
class Abbreviation:
    """An equation u = … that names a part of a formula.

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


class Abbreviations:
    """Names for nodes of one graph, chosen one after the other."""

    def __init__(
        self,
        graph: Graph,
        roots: Sequence[int],
        taken_names: Collection[str],
        *,
        letters_taken: Collection[str] = (),
    ) -> None:
        """Name parts of some roots.

        Args:
            graph: the expression graph that holds the nodes.
            roots: the nodes that are shown.
            taken_names: identifiers that stand for something else.
            letters_taken: names that stand for something else, with whatever index.
        """
        self.graph, self.roots = graph, [root for root in roots if graph.operands(root)]
        self._reached = graph.reach(self.roots)
        self._taken, self._letters_taken = set(taken_names), set(letters_taken)
        self.names: dict[int, Label] = {}

    @property
    def symbols(self) -> dict[int, sympy.Symbol]:
        """The symbol of each named node."""
        symbols = {}
        for node, label in self.names.items():
            name = f"norm_{label.name.strip('‖')}" if label.name.startswith("‖") else label.symbol
            symbols[node] = sympy.Symbol(name, real=True)
        return symbols

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
        """Return the letters that are not in use."""
        return [letter for letter in letters if letter not in self._letters_taken]

    def name_outputs(self, outputs: Mapping[int, Label]) -> None:
        """Call outputs that are computed by their names."""
        for node, label in outputs.items():
            if _nameable(self.graph, node):
                self.name(node, label)

    def name_softmax(self) -> None:
        """Name the components of softmaxes s₀ and s₁, those of a second one p₀ and p₁."""
        sums = Sums(self.graph)
        letters = iter(self._free(("s", "p", "q")))
        named: set[tuple[int, ...]] = set()
        reached = set(self._reached)
        for node in self._reached:
            members = sums.softmax(node)
            if members is None or len(members) > MAX_MEMBERS or members in named:
                continue
            named.add(members)
            letter = next(letters, "")
            below = self.graph.operands(node)[1]
            for k, exponential in enumerate(members if letter else ()):
                share = self.graph.div(exponential, below)
                if share in reached:
                    self.name(share, Label(letter, (k,)))

    def name_norms(self, vectors: Mapping[tuple[int, ...], str]) -> None:
        """Name the norms of whole vectors of three components or more ‖x‖.

        Args:
            vectors: what the components of an input or a variable are together called.
        """
        sums = Sums(self.graph)
        for node in self._reached:
            parts = sums.norm(node)
            if parts is not None and parts in vectors and len(parts) > 2:
                self.name(node, Label(f"‖{vectors[parts]}‖"))

    def name_standardised(self) -> None:
        """Name the first standardised values z₀ and z₁, their mean μ and their deviation σ."""
        sums, letter = Sums(self.graph), next(iter(self._free(("z", "y", "v"))), "")
        found = map(sums.standardised, self._reached if letter else ())
        parts = next((p for p in found if p is not None and len(p.members) <= MAX_MEMBERS), None)
        if parts is None:
            return
        for k, gap in enumerate(parts.gaps):
            self.name(self.graph.div(gap, parts.root), Label(letter, (k,)))
        root = "r" if parts.mean is None else "sigma"  # of a mean of squares, or a deviation
        for node, name in ((parts.mean, "mu"), (parts.root, root)):
            if node is not None and name not in self._letters_taken:
                self.name(node, Label(name))

    def name_sigmoids(self) -> None:
        """Name repeated sigmoids of more than a symbol s, or s₀ and s₁."""
        gains = self._gains(least=MIN_SYMBOLS)
        sigmoids = [n for n in gains if self.graph.operations[n] == "sigmoid" and gains[n] > 0]
        letter = next(iter(self._free(("s", "p", "q"))), "")
        for k, node in enumerate(sigmoids[:MAX_NAMES] if letter else ()):
            self.name(node, Label(letter, (k,) if len(sigmoids) > 1 else ()))

    def name_variables(self, variables: Mapping[int, Label]) -> None:
        """Use the user's names where that shortens the roots, the largest gain first."""
        gains = {node: gain for node, gain in self._gains(least=2).items() if gain > 1}
        families: dict[str, list[int]] = {}
        for node in sorted(gains.keys() & variables.keys()):
            families.setdefault(variables[node].name, []).append(node)
        by_gain = sorted(families.values(), key=lambda nodes: sum(gains[n] for n in nodes))
        for nodes in by_gain[-MAX_NAMES:]:
            for node in nodes:
                self.name(node, variables[node])

    def name_repeated(self) -> None:
        """Give repeated parts a letter, the largest gain first; similar parts share it.

        Three parts or more of the same operation and gain are a family: u₀, u₁, u₂.
        """
        for letter in self._free(_LETTERS):
            gains = self._gains(least=MIN_SYMBOLS)
            if len({label.name for label in self.names.values()}) >= MAX_NAMES or not gains:
                return
            best = max(gains, key=gains.__getitem__)
            if gains[best] < MIN_SYMBOLS_SAVED:
                return
            kinds = {node: (self.graph.operations[node], gain) for node, gain in gains.items()}
            family = [node for node, kind in kinds.items() if kind == kinds[best]]
            if len(family) > 2:
                for k, node in enumerate(family):
                    self.name(node, Label(letter, (k,)))
            else:
                self.name(best, Label(letter))

    def name_in_order(self, longest: int) -> None:
        """Name repeated and long parts in the order of computation: u₀, u₁ and so on.

        Args:
            longest: symbols up to which a part that occurs once is written out.
        """
        graph, letter = self.graph, next(iter(self._free(_LETTERS)), "u")
        uses = Counter(operand for node in self._reached for operand in graph.operands(node))
        sizes: dict[int, int] = {}
        count = 0
        for node in self._reached:
            sizes[node] = 1 + sum(
                1 if operand in self.names else sizes[operand] for operand in graph.operands(node)
            )
            repeated = uses[node] > 1 and sizes[node] >= MIN_SYMBOLS
            if (repeated or sizes[node] > longest) and _nameable(graph, node):
                count += self.name(node, Label(letter, (count,)))

    def _gains(self, least: int) -> dict[int, int]:
        """Count the symbols that naming each part would save."""
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
            node: (uses[node] - 1) * (size - 1) - _SYMBOLS_OF_DEFINITION
            for node, size in sizes.items()
            if size >= least
        }

    def sizes(self, nodes: Sequence[int]) -> list[int]:
        """Count nodes' symbols when written out, named parts as one."""
        return tree_sizes(self.graph, nodes, ends=self.names.keys())

    def used(self, roots: Sequence[int]) -> Iterator[int]:
        """Return the named nodes that roots depend on, in order."""
        reached = set(self.graph.reach(roots))
        return (node for node in sorted(self.names) if node in reached)


def _nameable(graph: Graph, node: int) -> bool:
    """Whether a part is a number; signs, conditions and cases are not abbreviated."""
    operation = graph.operations[node]
    return bool(graph.operands(node)) and not (
        operation in ("neg", "where") or graph.is_condition(node)
    )


def tex_of(label: Label) -> str:
    """Return the LaTeX of a part's name; that of a norm has its bars."""
    if label.name.startswith("‖"):
        return rf"\left\| {Label(label.name.strip('‖')).tex} \right\|"
    return label.tex
