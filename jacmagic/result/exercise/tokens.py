"""Tokens of an answer: ordinary typed mathematics, LaTeX, or a mixture of both.

A word is a variable, a function or a constant; else it is split into such, `xy` into x · y. Signs
of typeset mathematics (−, ·, ², √) are those of the keyboard. `d/dx` is one token.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

from jacmagic.result.check.latex.tokens import Token, plain_tokens, refusal, tokens_by

MAX_LETTERS = 2_000  # of an answer: about a page
MAX_DEPTH = 60  # of brackets in brackets
MAX_DIGITS = 40  # of a number
MAX_DERIVATIVES = 12  # that an answer leaves to be taken
MAX_WORD_LETTERS = 24  # letters of a word that is split into names
CONSTANTS = frozenset({"pi", "π", "e"})
NOUN = "the answer"

_SIGNS = str.maketrans("−–·×⋅∗∙•÷∕′’", "--******//''")
_HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DELIMITERS = re.compile(r"^\s*\\[(\[]|\\[)\]]\s*$|\.\s*$")  # of LaTeX, and a full stop
_DIGITS = str.maketrans(_HIGH, "0123456789")
_BAR = re.compile(r"\\[lr]?vert(?![a-zA-Z])|\\mid(?![a-zA-Z])")
_LETTER = rf"[^\W_{_HIGH}¼-¾⅐-⅞]"
_MARKED = rf"(?:{_LETTER}|[\u0300-\u036f\u20d7])"  # with accents
_INDEX = rf"_(?:\{{[^{{}}]*\}}|{_LETTER}+)"
_NAME = rf"(?:(?!\d){_LETTER}){_MARKED}*(?:{_INDEX})*(?:_+(?![\w\\{{]))?"
WORD = re.compile(rf"{_NAME}(?P<index>\[\s*\d+(?:\s*,\s*\d+)*\s*\])?")
_D = r"(?:\\mathrm\{d\}|\\partial(?![a-zA-Z])|[d∂])"
_BRACKET = r"(?=\s*(?:\\(?:left|bigl?|Bigl?))?\s*[(\[{])"
_OPERATOR = re.compile(
    rf"\\[dt]?frac\s*\{{\s*{_D}\s*\}}\s*\{{\s*{_D}\s*(?P<below>\\?(?:[^{{}}]|\{{[^{{}}]*\}})+?)\s*\}}"
    rf"|{_D}\s*/\s*{_D}\s*(?P<name>\\?{_NAME}(?:\[[\d,\s]*\])?)"
)
_CAPITAL = re.compile(rf"D(?:_\{{?(?P<name>{_LETTER}+)\}}?)?{_BRACKET}")
_OF = re.compile(rf"{_D}{_BRACKET}")
_RAISED = re.compile(rf"(?P<sign>⁻?)(?P<digits>[{_HIGH}]+)")
_PART = re.compile("[¼-¾⅐-⅞]")  # ½ and the like
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?")

IsName = Callable[[str], bool]  # whether a word is the name of a variable or a function


def answer_tokens(source: str, is_variable: IsName, is_function: IsName) -> list[Token]:
    """Split an answer into tokens, the last of which is its end.

    Raises:
        OptionError: a character belongs to no token, or brackets are nested too deeply.
    """
    plain = source.translate(_SIGNS).replace("**", "^ ")
    plain = _BAR.sub(lambda tokens: "|".ljust(len(tokens[0])), plain)
    plain = _DELIMITERS.sub(lambda tokens: " " * len(tokens[0]), plain)
    tokens = tokens_by(plain, _Words(plain, is_variable, is_function).read)
    depth = 0
    for token in tokens:
        depth += (token.text in ("(", "[", "{", "^")) - (token.text in (")", "]", "}"))
        if depth > MAX_DEPTH:
            raise refusal(source, token.column, "expected fewer brackets", noun=NOUN)
    left = [token for token in tokens if token.kind.startswith("derivative")]
    if len(left) > MAX_DERIVATIVES:
        message = f"expected at most {MAX_DERIVATIVES} derivatives"
        raise refusal(source, left[-1].column, message, noun=NOUN)
    return tokens


class _Words:
    """A position in an answer."""

    def __init__(self, source: str, is_variable: IsName, is_function: IsName) -> None:
        self.source, self.at = source, 0
        self.is_variable, self.is_function = is_variable, is_function

    def read(self, column: int) -> tuple[list[Token], int]:
        """Return the tokens that begin at a column, and the column after them."""
        self.at = column
        for read in (self._operator, self._number, self._part, self._raised, self._word):
            piece = read()
            if piece is not None:
                return piece
        if self.source[self.at] == "√":
            return [Token("command", r"\sqrt", self.at)], self.at + 1
        return plain_tokens(self.source, self.at, NOUN)

    def _operator(self) -> tuple[list[Token], int] | None:
        """d/dx, D or D_x before a bracket, and the d of d(…)/dx."""
        match = _OPERATOR.match(self.source, self.at)
        name = match and (match["below"] or match["name"])
        if match and name and self.is_variable(name.strip()):
            return [Token("derivative", name.strip(), self.at)], match.end()
        capital = _CAPITAL.match(self.source, self.at)
        by = capital and capital["name"]
        if capital and not self.is_variable("D") and (by is None or self.is_variable(by)):
            return [Token("derivative", by or "", self.at)], capital.end()
        of = _OF.match(self.source, self.at)
        if of and not self.is_variable(of[0]):
            return [Token("derivative of", of[0], self.at)], of.end()
        return None

    def _number(self) -> tuple[list[Token], int] | None:
        match = _NUMBER.match(self.source, self.at)
        if match is None:
            return None
        exponent = re.search(r"[eE]([+-]?\d+)$", match[0])
        if len(match[0]) > MAX_DIGITS or (exponent and abs(int(exponent[1])) > 308):
            message = f"expected a number of at most {MAX_DIGITS} digits"
            raise refusal(self.source, self.at, message, noun=NOUN)
        return [Token("number", match[0], self.at)], match.end()

    def _part(self) -> tuple[list[Token], int] | None:
        """½ as (1/2); 2½ is not a product."""
        match = _PART.match(self.source, self.at)
        if match is None:
            return None
        if self.source[self.at - 1 : self.at].isdigit():
            raise refusal(self.source, self.at, "expected a sign between two numbers", noun=NOUN)
        above, below = unicodedata.normalize("NFKC", match[0]).split("⁄")
        texts = [("sign", "("), ("number", above), ("sign", "/"), ("number", below), ("sign", ")")]
        return [Token(kind, text, self.at) for kind, text in texts], match.end()

    def _raised(self) -> tuple[list[Token], int] | None:
        match = _RAISED.match(self.source, self.at)
        if match is None:
            return None
        minus = [Token("sign", "-", self.at)] if match["sign"] else []
        number = Token("number", match["digits"].translate(_DIGITS), self.at)
        opening, closing = (Token("sign", sign, self.at) for sign in "{}")
        return [Token("sign", "^", self.at), opening, *minus, number, closing], match.end()

    def _word(self) -> tuple[list[Token], int] | None:
        match = WORD.match(self.source, self.at)
        if match is None:
            return None
        word, after = match[0], match.end()
        if match["index"] and not self.is_variable(word):
            word, after = word[: -len(match["index"])], match.start("index")
        if word[0] in "d∂" and not self.is_variable(word) and self.is_variable(word[1:]):
            return [Token("differential", word[1:], self.at)], after
        pieces = self._pieces(word) or [word]
        tokens, column = [], self.at
        for piece in pieces:
            tokens.append(self._piece(piece, column))
            column += len(piece)
        return tokens, after

    def _piece(self, piece: str, column: int) -> Token:
        if piece.isdigit():
            return Token("number", piece, column)
        plain = self.is_variable(piece) or not self.is_function(piece)
        return Token("word" if plain else "operator", piece, column)

    def _pieces(self, word: str) -> list[str] | None:
        """Return the fewest variables, functions and constants that a word is made of.

        Numbers stand after functions only: sin2x is sin(2x), x2 no product.
        """

        def is_piece(text: str) -> bool:
            return self.is_variable(text) or self.is_function(text) or text in CONSTANTS

        def after(piece: str, text: str) -> tuple[str, ...] | None:
            digits = re.match(r"\d*", text)[0]  # type: ignore[index]  # it always matches
            if digits and (self.is_variable(piece) or not self.is_function(piece)):
                return None
            rest = split(text[len(digits) :])
            return None if rest is None else (piece, *[digits] * bool(digits), *rest)

        @cache
        def split(text: str) -> tuple[str, ...] | None:
            if not text or is_piece(text):
                return (text,) if text else ()
            ends = [k for k in range(len(text) - 1, 0, -1) if is_piece(text[:k])]
            ways = [way for k in ends if (way := after(text[:k], text[k:])) is not None]
            return min(ways, key=len, default=None)

        pieces = split(word) if len(word) <= MAX_WORD_LETTERS or is_piece(word) else None
        return None if pieces is None else list(pieces)
