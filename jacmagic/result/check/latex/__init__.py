"""LaTeX as SymPy: formulas and matrices as they are pasted from a paper."""

from jacmagic.result.check.latex.parser import parse_latex

__all__ = ["parse_latex"]
