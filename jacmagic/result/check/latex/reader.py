"""The tokens of LaTeX one after the other, and the longest known name among them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jacmagic.result.check.latex.tokens import Token, refusal, tokens

Resolve = Callable[[str], Any]  # a name as written → a SymPy expression, or None


class Reader:
    """A position in the tokens of LaTeX.

    Attributes:
        source: the LaTeX.
        resolve: returns what a name stands for, or None.
        at: the index of the next token.
        bars: how many signs of an absolute value are open.
        noun: what the text is called in messages.
    """

    noun = "the LaTeX"

    def __init__(self, source: str, resolve: Resolve) -> None:
        self.source, self.resolve = source, resolve
        self.tokens, self.at = self.split(source), 0
        self.bars = 0
        self._drop_left_side()

    def _drop_left_side(self) -> None:
        """Begin after the last `=` that stands outside of brackets and environments."""
        depth = 0
        for k, token in enumerate(self.tokens):
            opens = token.kind == "begin" or token.text in ("(", "[", "{")
            closes = token.kind == "end" or token.text in (")", "]", "}")
            depth += opens - closes
            if token.text == "=" and not depth:
                self.at = k + 1

    # ── tokens ────────────────────────────────────────────────────────────────────────────────

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        if self.next.text in texts and self.next.kind != "end of text":
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def need(self, text: str) -> None:
        if not self.take(text):
            raise self.wrong(f"expected {text}")

    def wrong(self, expected: str) -> Exception:
        token = self.next
        text = token.text or "the end"
        return self.refuse(token.column, f"{expected}; found {text}", len(token.text))

    def refuse(self, column: int, message: str, width: int = 1) -> Exception:
        """Return the error at a column, with a caret below it."""
        return refusal(self.source, column, message, width, self.noun)

    # ── names ─────────────────────────────────────────────────────────────────────────────────

    def is_name(self) -> bool:
        """Whether a known name comes next, whatever else its letters mean."""
        return self.longest() is not None

    def constant(self, text: str) -> Any:
        """Return the value of a constant; None for other names."""
        raise NotImplementedError

    def function(self, text: str) -> Callable[..., Any] | None:
        """Return the function that a token names, or None."""
        raise NotImplementedError

    def sum(self) -> Any:
        """Return the value of the sum that begins here."""
        raise NotImplementedError

    def split(self, source: str) -> list[Token]:
        """Return the tokens of a text, the last of which is its end."""
        return tokens(source)

    def named(self) -> Any:
        match = self.longest()
        if match is not None:
            value, self.at = match
            return value
        token = self.next
        constant = self.constant(token.text)
        if constant is not None:
            self.at += 1
            return constant
        if token.kind in ("letter", "word", "accent", "command"):
            name, _ = self.name_at(self.at)
            message = f"expected a variable of the function; found {name}"
            letters = re.match(r"[a-zA-Z]*", self.source[token.column :])
            word = "" if letters is None else letters[0]
            for command in (rf"\{word}", rf"\operatorname{{{word}}}"):
                if self.function(command):
                    message += f"; write {command}"
                    break
            raise self.refuse(token.column, message, len(name))
        raise self.wrong("expected a number, a variable or a bracket")

    def longest(self) -> tuple[Any, int] | None:
        """Return what the longest known name here stands for, and where it ends."""
        best = None
        at, text = self.at, ""
        while self.tokens[at].kind in ("letter", "word", "accent", "command"):
            name, after = self.name_at(at)
            text += name
            value = self.resolve(text)
            if value is not None:
                best = value, after
            if self.tokens[at].kind != "letter":
                break
            at = after
        return best

    def name_at(self, at: int) -> tuple[str, int]:
        """Return a letter or word with accent, primes and subscript, as written."""
        start, token = at, self.tokens[at]
        at += 1
        if token.kind == "accent":
            at = self._behind(at)
        while self.tokens[at].text == "'":
            at += 1
        if self.tokens[at].text == "_":
            at = self._behind(at + 1)
        return "".join(token.text for token in self.tokens[start:at]), at

    def _behind(self, at: int) -> int:
        """Return the index after a group in braces, or after one token."""
        if self.tokens[at].text != "{":
            return min(at + 1, len(self.tokens) - 1)
        depth = 0
        while self.tokens[at].kind != "end of text":
            depth += (self.tokens[at].text == "{") - (self.tokens[at].text == "}")
            at += 1
            if not depth:
                break
        return min(at, len(self.tokens) - 1)
