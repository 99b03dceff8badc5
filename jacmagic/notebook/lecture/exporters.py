"""Exporters of nbconvert: a page, and slides, with live explorers."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets import Bool, Unicode, default

from jacmagic.notebook.lecture.deck import slide_cells
from jacmagic.notebook.lecture.execution import execute
from jacmagic.notebook.lecture.formulas import formulas
from jacmagic.view.explorer.assets import MODULES, front_end, style
from jacmagic.view.export import script_of

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
{%- for kind in resources.jm_kinds -%}<style>{{ style_of(kind) }}</style>{%- endfor -%}
<style>{{ lecture_file("formulas.css") }}{{ lecture_file("page.css") }}</style>
{%- if resources.jm_follows -%}
<style>:root { color-scheme: light dark }
@media screen and (prefers-color-scheme: dark) { {{ dark_theme() }} }</style>
{%- endif -%}
{%- endblock -%}
{%- block footer_js -%}
{%- for kind in resources.jm_kinds -%}
<script>{{ script_of(front_end(kind), kind) }}</script>
{%- endfor -%}
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

    Run by `jupyter nbconvert --to jacmagic-page`. The notebook is run first, in its folder.
    """

    export_from_notebook = None  # no entry in Jupyter's menus
    theme = Unicode("auto", help="light, dark, or auto: the reader's own.").tag(config=True)
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
            execute(nb, Path(folder), config=self.config)
        nb.metadata.pop("widgets", None)
        self._arrange(nb)
        kinds = kinds_in("".join(_html_of(nb)))
        return super().from_notebook_node(nb, {**(resources or {}), "jm_kinds": kinds}, **options)

    @default("default_preprocessors")
    def _without_execution(self) -> list[str]:
        """Return nbconvert's preprocessors but that of `--execute`, which embeds no explorers."""
        usual = HTMLExporter.class_traits()["default_preprocessors"].default()
        return [name for name in usual if not name.endswith(".ExecutePreprocessor")]

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
        environment.globals.update(style_of=style, script_of=script_of, front_end=front_end)
        environment.globals.update(lecture_file=file_of)
        environment.globals.update(dark_theme=lambda: _source(environment, "static/theme-dark.css"))
        return environment

    def _init_resources(self, resources: dict[str, Any]) -> Any:
        result = super()._init_resources(resources)
        follows = self.theme == "auto"
        result.update(jm_follows=follows, theme="light" if follows else self.theme)
        return result


class Slides(Page):
    """Slides whose explorers are live: arrows turn them, `#3` in the address is the third.

    Run by `jupyter nbconvert --to jacmagic-slides`. The notebook is run first.
    """

    def __init__(self, **options: Any) -> None:
        """Prepare the template; options are nbconvert's own."""
        super().__init__(template_file="slides.html.j2", **options)

    def _file_extension_default(self) -> str:
        return ".slides.html"

    def _arrange(self, notebook: NotebookNode) -> None:
        notebook.cells = slide_cells(notebook.cells)


def kinds_in(html: str) -> list[str]:
    """Return the kinds of live views in a page."""
    return [kind for kind in MODULES if f'data-jm-kind="{kind}"' in html]


def _html_of(notebook: NotebookNode) -> Iterator[str]:
    """Yield the HTML of all outputs."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {}).get("text/html", "")


def _source(environment: Any, name: str) -> str:
    """Return a file of nbconvert's template."""
    return str(environment.loader.get_source(environment, name)[0])


def file_of(name: str) -> str:
    """Return a file that pages of notebooks contain."""
    return (files("jacmagic") / "notebook" / "lecture" / "static" / name).read_text(
        encoding="utf-8"
    )
