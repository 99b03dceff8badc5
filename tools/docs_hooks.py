"""Hooks of the MkDocs build: generated pages, results below blocks, formulas as MathML.

MathML needs neither a script nor a web font, and the explorers' script is a file of the site, so
that the pages work offline.
"""

from __future__ import annotations

import html
import posixpath
import re
import runpy
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "jacmagic"
sys.path.insert(0, str(ROOT / "tools"))

from docs_site.lessons import Lesson, lessons_of  # noqa: E402 the path comes first
from docs_site.results import with_results  # noqa: E402

from jacmagic.notebook.lecture.exporters import file_of, kinds_in  # noqa: E402
from jacmagic.notebook.lecture.formulas import mathml  # noqa: E402
from jacmagic.view.explorer.assets import MODULES, front_end, style  # noqa: E402
from jacmagic.view.export import script_of  # noqa: E402

FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>',
    flags=re.DOTALL,
)
SLOT = re.compile(r'<div class="jm-slot" id="(jm-slot-\d+)"></div>')
NOTEBOOK = re.compile(r"\]\((?:\.\./)+notebooks/([\w-]+)\.ipynb\)")
SCROLLING = re.compile(
    r'<(?:pre|figure)(?=>)|<div class="jm-(?:chain|where|card|steps|equation)"(?=>)'
)
FROM_THE_TOP = re.compile(
    r'href="docs/([^"#]+)\.md'
)  # in pages that include a file of the top folder

COLOURS = re.compile(r"(?:^ *--jp-.*\n)+", flags=re.MULTILINE)
EMBEDDED = ":is(.jm-embedded, .jm-slot)"

_SLOTS: dict[str, dict[str, str]] = {}  # page → identity → HTML; of one build


def on_pre_build(config: Any) -> None:
    """Write the page of options if the magic's arguments have changed."""
    runpy.run_path(str(ROOT / "tools" / "options_page.py"))["write"]()


def on_files(files: Any, config: Any) -> None:
    """Add the lessons, and the explorers' code and style."""
    _SLOTS.clear()
    for lesson in lessons_of(sorted((ROOT / "notebooks").glob("*.ipynb"))):
        _add(files, config, lesson)
    files.append(File.generated(config, "assets/formulas.css", content=file_of("formulas.css")))
    files.append(File.generated(config, "assets/palette.css", content=_palette()))
    for kind in MODULES:
        files.append(
            File.generated(config, f"assets/{kind}.js", content=script_of(front_end(kind), kind))
        )
        files.append(File.generated(config, f"assets/{kind}.css", content=style(kind)))


def _palette() -> str:
    """Return the colours of exported pages, for the site's light and dark scheme."""
    light, dark = COLOURS.findall((PACKAGE / "view" / "static" / "page.css").read_text("utf-8"))
    return f'{EMBEDDED} {{\n{light}}}\n[data-md-color-scheme="slate"] {EMBEDDED} {{\n{dark}}}\n'


def _add(files: Any, config: Any, lesson: Lesson) -> None:
    page, notebook = f"lessons/{lesson.name}.md", f"lessons/{lesson.name}.ipynb"
    slides = f"lessons/{lesson.name}.slides.html"
    source = str(ROOT / "notebooks" / f"{lesson.name}.ipynb")
    files.append(File.generated(config, page, content=lesson.markdown))
    files.append(File.generated(config, notebook, abs_src_path=source))
    files.append(File.generated(config, slides, content=lesson.slides))
    _SLOTS[page] = dict(lesson.outputs)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Compute the results below blocks, and link to lessons instead of notebooks."""
    uri = page.file.src_uri
    if uri not in _SLOTS:
        markdown, _SLOTS[uri] = with_results(markdown, gallery=uri.startswith("gallery/"))
    lessons = posixpath.relpath("lessons", posixpath.dirname(uri) or ".")
    return NOTEBOOK.sub(rf"]({lessons}/\1.md)", markdown)


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Fill the slots, and replace every formula of a page by MathML."""
    content = FORMULA.sub(_mathml, content)
    slots = _SLOTS.get(page.file.src_uri, {})
    content = SLOT.sub(lambda found: _filled(slots[found[1]]), content)
    content = FROM_THE_TOP.sub(r'href="\1.html', content)
    base = posixpath.relpath("assets", posixpath.dirname(page.file.src_uri) or ".")
    kinds = kinds_in(content)
    sheets = [f'<link rel="stylesheet" href="{base}/{kind}.css">' for kind in kinds]
    scripts = [f'<script src="{base}/{kind}.js"></script>' for kind in kinds]
    return "\n".join([*sheets, content, *scripts])


def _filled(html_of_slot: str) -> str:
    """Return the HTML of a slot; texts that scroll can be reached by keyboard."""
    reachable = SCROLLING.sub(r'\g<0> tabindex="0"', html_of_slot)
    return f'<div class="jm-slot">{reachable}</div>'


def _mathml(found: re.Match[str]) -> str:
    return mathml(html.unescape(found[2]), block=found[1] == "div")
