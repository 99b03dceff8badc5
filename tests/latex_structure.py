r"""Check LaTeX as a compiler would, as far as that needs no fonts.

Braces, environments, `\left … \right` and dollars are balanced, no paragraph ends inside of a
formula, alignment marks stand inside of environments, every command is one of LaTeX, amsmath,
amssymb, xcolor or pgf, and every other character one that a Latin text font has.
"""

from __future__ import annotations

import re

COMMANDS = frozenset(
    """Big Delta Gamma L M Omega Phi Sigma Theta Vert alpha approx arccos arcsin arctan backslash
    bar begin beta big boldsymbol cdot cdots center checkmark chi circ colon cos cosh cot csc
    ddot ddots def definecolor delta det dot downarrow ell end equiv eta exp fontsize frac tfrac
    gamma ge geq hat hline in infty int kappa lVert lambda lceil ldots le left leq lfloor lim
    limits ln log mathbb mathbf mathcal mathrm mathsf mathtt max mid min mu nabla ne neq
    nolimits nu odot omega operatorname otimes overline partial pgfpathcircle pgfpathclose
    pgfpathlineto pgfpathmoveto pgfpicture pgfqpoint pgfscope pgfsetdash pgfsetfillcolor
    pgfsetfillopacity pgfsetlinewidth pgfsetstrokecolor pgfsetstrokeopacity pgftext pgfusepath
    phantom pi pm prime prod psi qquad quad rVert rceil rfloor rho right sec selectfont
    sigma sign sim sin sinh sqrt sum surd tan tanh tau text textbf theta tilde times to top
    underbrace uparrow varepsilon varphi vdots vec wedge xi zeta""".split()
)
ALIGNED = ("bmatrix", "array", "aligned", "gathered", "cases", "matrix")
TEXT_LETTERS = "“”‘’…–—"
_TOKEN = re.compile(
    r"\\begin{(?P<begin>\w+\*?)}|\\end{(?P<end>\w+\*?)}|\\(?P<command>[a-zA-Z]+)|\\(?P<sign>.)"
    r"|(?P<display>\$\$)|(?P<inline>\$)|(?P<open>{)|(?P<close>})|(?P<blank>\n\s*\n)|(?P<letter>.)",
    re.S,
)


def check(source: str) -> None:
    """Raise AssertionError where LaTeX would not compile."""
    nesting: list[str] = []
    for token in _TOKEN.finditer(source):
        kind, found = token.lastgroup, token[0]
        where = f"{source[max(0, token.start() - 40) : token.end() + 40]!r} in {nesting}"
        if kind == "begin":
            nesting.append(token["begin"])
        elif kind == "end":
            assert nesting and nesting.pop() == token["end"], where
        elif kind == "command":
            _command(token["command"], nesting, where)
        elif kind == "display" or kind == "inline":
            _dollars(found, nesting, where)
        elif kind == "open":
            nesting.append("{")
        elif kind == "close":
            assert nesting and nesting.pop() == "{", where
        elif kind == "blank":
            assert not {"$", "$$"} & {*nesting}, f"a paragraph ends inside of a formula: {where}"
        elif kind == "letter":
            assert found != "&" or _aligns(nesting), where
            assert found not in "#%~^_" or {"$", "$$", "pgfpicture"} & {*nesting}, where
            assert found.isascii() or found in TEXT_LETTERS or "à" <= found <= "ÿ", where
    assert not nesting, f"{nesting} is not closed"


def _command(name: str, nesting: list[str], where: str) -> None:
    assert name in COMMANDS, f"\\{name}: {where}"
    if name == "left":
        nesting.append("left")
    elif name == "right":
        assert nesting and nesting.pop() == "left", where


def _dollars(found: str, nesting: list[str], where: str) -> None:
    if nesting and nesting[-1] == found:
        nesting.pop()
        return
    assert found not in nesting or found == "$", where
    nesting.append(found)


def _aligns(nesting: list[str]) -> bool:
    inner = [one for one in nesting if one not in ("{", "left")]
    return bool(inner) and inner[-1] in (
        "bmatrix",
        "array",
        "aligned",
        "gathered",
        "cases",
        "matrix",
    )
