"""Results below the blocks of a page: what a cell shows, as the build computes it.

In `gallery/` every `%%jacobian` block has its closed form and its picture below it. Elsewhere a
comment asks for it, in the line after the block: `<!-- explorer -->` for a live one.
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
from jacmagic.render.mathml import to_mathml

BLOCK = re.compile(
    r"^```python\n(?P<source>.*?)^```\n(?:\n?<!-- (?P<asked>explorer) -->\n)?",
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
            block = found[0]
            if found["asked"]:
                html = value.explore().to_fragment()
                block = block[: found.start("asked") - found.start() - len("<!-- ")].rstrip() + "\n"
            elif gallery and MAGIC.match(found["source"]):
                html = card(value)
            else:
                return block
            identity = f"jm-slot-{len(filled)}"
            filled[identity] = html
            return f"{block}\n{slot(identity)}\n"

        return BLOCK.sub(run, markdown), filled


def card(jacobian: Any) -> str:
    """Return closed form and picture of a Jacobian, without a script."""
    chain = jacobian.derivation
    matrix = f'<span class="jm-brackets">{to_mathml(chain.closed_form)}</span>'
    lines = "".join(f"<p>{to_mathml(one, display=False)}</p>" for one in chain.where)
    where = f'<div class="jm-card-where" tabindex="0">{lines}</div>' if lines else ""
    return (
        f'<div class="jm-card"><div class="jm-card-formula" tabindex="0">'
        f"{to_mathml(chain.head, display=False)}<span>=</span>{matrix}</div>{where}"
        f"{jacobian.picture().html}</div>"
    )


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
