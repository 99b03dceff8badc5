"""Docstrings' first lines, messages, docs and changelog use the field's terms."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = [path for folder in ("jacmagic", "tests", "tools") for path in (ROOT / folder).rglob("*.py")]
PACKAGE = [path for path in CODE if path.is_relative_to(ROOT / "jacmagic")]
SCRIPTS = sorted((ROOT / "jacmagic").rglob("*.mjs"))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# A retired word and what to write instead.
RETIRED = {
    r"roads?": "mode, side, method, way",
    r"(?<!random )walk(s|ed|ing)?": "iterate, traverse, visit",
    r"(?<!in )(?<!in-)(?<!decimal )(?<!last )(?<!take )(?<!takes )places?": "index, entry",
    r"watch(es|ed|ing)?(?! out)": "guard, observe, check",
    r"witness(es|ed|ing)?": "check, source",
    r"(stands?|stood) in for|stand-ins?": "replace, proxy",
    r"brings?|brought": "return, load, give",
    r"nobody|somebody|anybody": "no caller, the user",
    r"said|told|taught": "named, reported, measured",
    r"(the|an|one's) eye": "display, summary",
    r"rooms?": "memory, space, module",
    r"(ground|upper|lower|top|one|the same|which|this|a) floor|floors": "layer",
    r"houses?": "package, project",
    r"doors?": "entry point, import",
}
# Variables with these names say what happened to a value, and not what it is.
NAMELESS = frozenset("found given held known made said told thing walk witness".split())
_ANY = re.compile(rf"\b({'|'.join(f'(?:{word})' for word in RETIRED)})\b", re.IGNORECASE)
_FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
_SCRIPT = re.compile(  # comments, and strings in either kind of quotes
    r"//[^\n]*|/\*.*?\*/|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\\n]|\\.)*`)", re.DOTALL
)

Text = tuple[str, str]  # where it is written, what it says


def retired_words(text: str) -> list[str]:
    """Return the retired words in a text."""
    return [match[0] for match in _ANY.finditer(text)]


def first_lines(source: str, path: str) -> Iterator[Text]:
    """Yield the first lines of all docstrings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            docstring = ast.get_docstring(node)
            if docstring:
                yield f"{path}:{getattr(node, 'lineno', 1)}", docstring.splitlines()[0]


def messages(source: str, path: str) -> Iterator[Text]:
    """Yield the strings of several words: errors, warnings, notes, causes."""
    tree = ast.parse(source)
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in statements and " " in node.value.strip():
            yield f"{path}:{node.lineno}", node.value


def prose(text: str, path: str) -> Iterator[Text]:
    """Yield the lines of a page outside its code blocks, without inline code."""
    lines = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text).splitlines()
    yield from ((f"{path}:{k}", re.sub(r"`[^`]*`", "", line)) for k, line in enumerate(lines, 1))


def notebook_prose(text: str, path: str) -> Iterator[Text]:
    """Yield the text cells of a notebook."""
    for k, cell in enumerate(json.loads(text)["cells"]):
        if cell["cell_type"] == "markdown":
            yield from prose("".join(cell["source"]), f"{path}[{k}]")


def script_texts(text: str, path: str) -> Iterator[Text]:
    """Yield the strings of several words in a JavaScript module."""
    for match in _SCRIPT.finditer(text):
        if match["text"] and " " in match[0]:
            yield f"{path}:{text[: match.start()].count(chr(10)) + 1}", match[0]


def variables(source: str, path: str) -> Iterator[Text]:
    """Yield the names of variables and parameters."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield f"{path}:{node.lineno}", node.id
        elif isinstance(node, ast.arg):
            yield f"{path}:{node.lineno}", node.arg


KINDS = {
    "first lines of docstrings": (first_lines, CODE),
    "messages": (messages, PACKAGE),
    "messages in the browser": (script_texts, SCRIPTS),
    "pages": (prose, PAGES),
    "notebooks": (notebook_prose, NOTEBOOKS),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_retired_word_is_read(kind: str) -> None:
    """No text for readers contains a retired word."""
    texts, paths = KINDS[kind]
    assert paths
    lines = [
        f"{where}: {', '.join(words)} in {text.strip()!r}"
        for path in paths
        for where, text in texts(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))
        if (words := retired_words(text))
    ]
    assert lines == [], "\n".join(lines)


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: str(path.relative_to(ROOT)))
def test_variables_are_named_by_content(path: Path) -> None:
    """No variable is called found, given or known: its name says what it is."""
    named = variables(path.read_text(encoding="utf-8"), path.name)
    assert [f"{where} {name}" for where, name in named if name in NAMELESS] == []


# That the checks above can fail, and do not refuse ordinary English and mathematics.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Both roads to one number", ["roads"]),
        ("Walk the tree and watch each place", ["Walk", "watch", "place"]),
        ("A stand-in that nobody is told of", ["stand-in", "nobody", "told"]),
        ("For the eye; in one room on the upper floor", ["the eye", "room", "upper floor"]),
        (
            "A random walk, in place, in-place, two decimal places, the last place, takes place",
            [],
        ),
        ("Watch out: floor(x) and the floor of x are not rooms", ["rooms"]),
        ("A placeholder, a broad rule, Householder, indoors, a bedroom, torch.eye", []),
        ("Options stand in any order; the sum is replaced in one place", ["place"]),
    ],
)
def test_what_a_retired_word_is(text: str, words: list[str]) -> None:
    """Words, not parts of words, in their retired sense."""
    assert retired_words(text) == words


def test_the_texts_of_a_module_are_found() -> None:
    """First lines of docstrings, and strings of several words, also in f-strings."""
    source = (
        '"""One.\n\nTwo."""\ndef f():\n    """Three."""\n    raise E(f"four {x} five", "six")\n'
    )
    assert [*first_lines(source, "m")] == [("m:1", "One."), ("m:4", "Three.")]
    assert [*messages(source.replace("five", "fi ve"), "m")] == [("m:6", " fi ve")]


def test_the_variables_of_a_module_are_found() -> None:
    """Assigned names, those of loops and parameters, in any scope."""
    source = "a = 1\ndef f(b, *c):\n    return [d for d in b if (e := d)]\n"
    assert sorted(name for _, name in variables(source, "m")) == ["a", "b", "c", "d", "e"]


def test_code_in_a_page_is_no_prose() -> None:
    """Blocks and inline code are left out; lines keep their numbers."""
    page = "a\n```python\nroad\n```\nthe `road` b\n"
    assert [text for _, text in prose(page, "p")] == ["a", "", "", "", "the  b"]
    assert [where for where, _ in prose(page, "p")][-1] == "p:5"


def test_the_strings_of_a_script_are_found() -> None:
    """Both kinds of quotes; single words are names, and comments are none of them."""
    script = '// it is "a b"\nshow("one", "two words", `three ${a} four`); /* "c d" */\n'
    assert [*script_texts(script, "s")] == [("s:2", '"two words"'), ("s:2", "`three ${a} four`")]
