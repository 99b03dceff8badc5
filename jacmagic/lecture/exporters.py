"""Exporters of nbconvert: a page, and slides, with live explorers."""

from __future__ import annotations

from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets import Bool

from jacmagic.lecture.deck import slide_cells
from jacmagic.lecture.execution import execute
from jacmagic.lecture.formulas import formulas
from jacmagic.view.embedded import EXERCISES, script
from jacmagic.view.exercise.assets import quiz_front_end
from jacmagic.view.explorer.assets import front_end, style

_LATEX = """\
{%- block data_latex -%}
<div class="jp-RenderedLatex jp-OutputArea-output">{{ output.data["text/latex"] | formulas }}</div>
{%- endblock -%}
"""
_OFFLINE = (
    """\
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_css -%}
<link rel="icon" href="data:,">
<style>{{ explorer_style() }}</style>
<style>{{ lecture_file("page.css") }}</style>
{%- if nb.metadata.jm_exercises -%}<style>{{ explorer_style("quiz.css") }}</style>{%- endif -%}
{%- endblock -%}
{%- block footer_js -%}
<script>{{ explorer_script() }}</script>
{%- if nb.metadata.jm_exercises -%}<script>{{ exercise_script() }}</script>{%- endif -%}
{%- endblock -%}
"""
    + _LATEX
)
_DECK = """\
{%- extends "page.html.j2" -%}
{%- block html_head_css -%}
{{ super() }}
<style>{{ lecture_file("slides.css") }}</style>
{%- endblock -%}
{%- block body_header -%}{{ super() }}<section class="jm-slide">{%- endblock -%}
{%- block any_cell scoped -%}
{%- if cell.metadata.jm_starts and not loop.first -%}
</section><section class="jm-slide">
{%- endif -%}
{{ super() }}
{%- endblock -%}
{%- block body_footer -%}
</section>
{{ lecture_file("slides.html") }}
{{ super() }}
{%- endblock -%}
{%- block footer_js -%}
{{ super() }}<script>(() => {
{{ lecture_file("slides.mjs") }}
})();</script>
{%- endblock -%}
"""

_OUTPUTS = '{%- extends "basic/index.html.j2" -%}\n' + _LATEX
TEMPLATES = [
    DictLoader({"page.html.j2": _OFFLINE, "slides.html.j2": _DECK, "outputs.html.j2": _OUTPUTS})
]


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, which leaves the author's own HTML as it is."""

    def _html_embed_images(self, html: str) -> str:
        return html


class Page(HTMLExporter):
    """One page whose explorers are live; it loads nothing from outside.

    Run by `jupyter nbconvert --to jacmagic.lecture.Page`. The notebook is run first, in its folder.
    """

    export_from_notebook = None  # no entry in Jupyter's menus
    runs = Bool(True, help="Whether the notebook is run first.").tag(config=True)

    def __init__(self, **options: Any) -> None:
        """Prepare the template; options are nbconvert's own."""
        options.setdefault("template_file", "page.html.j2")
        super().__init__(extra_loaders=TEMPLATES, filters={"formulas": formulas}, **options)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Return the page of a notebook."""
        nb = deepcopy(nb)
        if self.runs:
            folder = (resources or {}).get("metadata", {}).get("path") or "."
            execute(nb, Path(folder))
        nb.metadata.pop("widgets", None)
        self._arrange(nb)
        nb.metadata.jm_exercises = EXERCISES in str(nb.cells)
        return super().from_notebook_node(nb, resources, **options)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return a Markdown cell as HTML, with images and MathML in it."""
        renderer = _Renderer(
            escape=False,
            attachments=context["cell"].get("attachments", {}),
            embed_images=True,
            path=context["resources"].get("metadata", {}).get("path", ""),
            exclude_anchor_links=True,
        )
        return str(MarkdownWithMath(renderer=renderer).render(formulas(source)))

    def _arrange(self, notebook: NotebookNode) -> None:
        """Change which cells are shown."""

    def _create_environment(self) -> Any:
        environment = super()._create_environment()
        environment.globals.update(
            explorer_style=style,
            explorer_script=lambda: script(front_end()),
            exercise_script=lambda: script(quiz_front_end(), EXERCISES),
            lecture_file=_file,
        )
        return environment


class Slides(Page):
    """Slides whose explorers are live: arrows turn them, `#3` in the address is the third.

    Run by `jupyter nbconvert --to jacmagic.lecture.Slides`. The notebook is run first.
    """

    def __init__(self, **options: Any) -> None:
        """Prepare the template; options are nbconvert's own."""
        super().__init__(template_file="slides.html.j2", **options)

    def _file_extension_default(self) -> str:
        return ".slides.html"

    def _arrange(self, notebook: NotebookNode) -> None:
        notebook.cells = slide_cells(notebook.cells)


def _file(name: str) -> str:
    return (files("jacmagic") / "lecture" / "static" / name).read_text(encoding="utf-8")
