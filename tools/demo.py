"""Run a notebook without a browser and write it as one self-contained page.

    python tools/demo.py notebooks/quickstart.ipynb build/quickstart.html

The page shows the static form of every output (derivation, table, verdict). Formulas are MathML, so
that the page needs neither scripts nor a network.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jinja2 import DictLoader
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from traitlets.config import Config

from jacmagic.render.mathml import to_mathml

WIDGET = "application/vnd.jupyter.widget-view+json"
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\`$])\$([^$`\n]+)\$", flags=re.DOTALL)

# nbconvert's page without the scripts that it would fetch for formulas and widgets
TEMPLATE = """\
{%- extends "lab/index.html.j2" -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block data_latex -%}
<div class="jp-RenderedLatex jp-OutputArea-output">{{ output.data["text/latex"] | formulas }}</div>
{%- endblock -%}
"""


def main(arguments: list[str]) -> int:
    """Run and write; return the exit status."""
    source, target = map(Path, arguments)
    start = time.monotonic()
    print(f"running {source}", flush=True)
    notebook = run(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page(notebook, source.stem), encoding="utf-8")
    print(f"wrote {target.resolve()} in {time.monotonic() - start:.0f} s")
    return 0


def run(path: Path) -> nbformat.NotebookNode:
    """Execute a notebook in its own folder and return it with its static outputs."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    # Unix sockets: a port that seemed free may be taken before the kernel binds it.
    with tempfile.TemporaryDirectory() as sockets:
        transport = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        NotebookClient(
            notebook, timeout=300, resources=resources, config=transport, coalesce_streams=True
        ).execute()
    still(notebook)
    return notebook


def still(notebook: nbformat.NotebookNode) -> None:
    """Remove widgets, which need a kernel, from outputs that also have a static form."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/html" in data:
                data.pop(WIDGET, None)
    notebook.metadata.pop("widgets", None)


def page(notebook: nbformat.NotebookNode, title: str) -> str:
    """Return an executed notebook as HTML."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = formulas(cell.source)
    exporter = HTMLExporter(
        template_file="still.html.j2",
        extra_loaders=[DictLoader({"still.html.j2": TEMPLATE})],
        filters={"formulas": formulas},
        embed_images=True,
    )
    return str(exporter.from_notebook_node(notebook, {"metadata": {"name": title}})[0])


def formulas(text: str) -> str:
    """Replace mathematics between dollars by MathML."""
    return FORMULA.sub(_mathml, text)


def _mathml(found: re.Match[str]) -> str:
    source = (found[1] or found[2]).replace(r"\displaystyle", "").strip()
    return to_mathml(source, display=bool(found[1]) or r"\displaystyle" in found[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
