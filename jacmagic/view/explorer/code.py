"""The trait of the code: its languages, and the sources that were asked for or fit a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jacmagic.errors import JacmagicError
from jacmagic.result.core import JacobianResult
from jacmagic.symbolic.codegen.languages import LANGUAGES

IN_PAGES = ("numpy", "c", "javascript")  # of the languages, where no kernel can be asked
MAX_PAGE_CHARACTERS = 30_000  # of these sources; compressed, about a fifth


def code_of(jacobian: JacobianResult) -> dict[str, Any]:
    """Return the trait without sources; a result without closed form has no languages."""
    languages = [] if jacobian.closed_form is None else list(LANGUAGES)
    return {"languages": languages, "sources": {}}


def source_of(jacobian: JacobianResult, language: str) -> str:
    """Return value and Jacobian in a language, or the line that says why not."""
    try:
        return jacobian.to_code(language)
    except JacmagicError as error:
        return str(error)


def code_for_page(jacobian: JacobianResult, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return the trait with the sources that a page holds.

    Args:
        jacobian: the result.
        more: languages that were asked for before.
    """
    if jacobian.closed_form is None:
        return {"languages": [], "sources": {}}
    wanted = dict.fromkeys([*more, *IN_PAGES])
    sources = {language: source_of(jacobian, language) for language in wanted}
    while sum(map(len, sources.values())) > MAX_PAGE_CHARACTERS:
        sources.popitem()
    return {"languages": list(sources), "sources": sources}
