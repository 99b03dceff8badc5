"""Results below the blocks of a page: what a cell shows, as the build computes it.

In `gallery/` every `%%jacobian` block has its closed form and its picture below it; a comment in
the line after the block chooses another picture: `<!-- picture: field -->`, or, with two of the
inputs, `<!-- picture: levels x sigma -->`. Elsewhere `<!-- explorer -->` asks for a live result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from docs_site.lessons import slot
from jacmagic.notebook.lecture.formulas import mathml

BLOCK = re.compile(
    r"^```python\n(?P<source>.*?)^```\n"
    r"(?:\n?<!-- (?:(?P<live>explorer)|picture: (?P<picture>.*?)) -->\n)?",
    flags=re.MULTILINE | re.DOTALL,
)
MAGIC = re.compile(r"%%(jacobian|hessian)\b")


def with_results(markdown: str, *, gallery: bool) -> tuple[str, dict[str, str]]:
    """Return a page's text with slots, and the HTML for each.

    Args:
        markdown: the page.
        gallery: whether every `%%jacobian` block shows its result.

    Raises:
        RuntimeError: a block fails.
    """
    if not gallery and "<!-- explorer -->" not in markdown:
        return markdown, {}
    filled: dict[str, str] = {}
    with _session() as shell:

        def run(found: re.Match[str]) -> str:
            value = _value(shell, found["source"])
            if found["live"]:
                html = value.explore().to_fragment()
            elif gallery and MAGIC.match(found["source"]):
                html = card(value, *(found["picture"] or "").split())
            else:
                return found[0]
            identity = f"jm-slot-{len(filled)}"
            filled[identity] = html
            return f"```python\n{found['source']}```\n\n{slot(identity)}\n"

        return BLOCK.sub(run, markdown), filled


def card(jacobian: Any, kind: str | None = None, *inputs: str) -> str:
    """Return closed form and picture of a Jacobian, without a script."""
    chain = jacobian.derivation
    formula = mathml(f"{chain.head} = {chain.closed_form}", block=True)
    equations = "".join(mathml(one, block=False) for one in chain.where)
    where = f'<div class="jm-result-where" tabindex="0">with {equations}</div>' if equations else ""
    drawn = jacobian.picture(kind, inputs=inputs or None)
    return f'<div class="jm-result">{formula}{where}{drawn.html}</div>'


@contextmanager
def _session() -> Iterator[InteractiveShell]:
    """Yield a shell without a history or a profile."""
    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    try:
        shell.run_line_magic("load_ext", "jacmagic")
        yield shell
    finally:
        InteractiveShell.clear_instance()


def _value(shell: InteractiveShell, source: str) -> Any:
    """Run a block and return the value of its last line."""
    with capture_output() as captured:
        result = shell.run_cell(source)
    if not result.success:
        raise RuntimeError(f"{source}\nfailed:\n{captured.stdout}{captured.stderr}")
    return result.result
