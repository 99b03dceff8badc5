"""Parts of the documentation that its build makes from blocks and notebooks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))

from docs_site.results import with_results  # noqa: E402 the path comes first

PAGE = """\
```python
from torch import sin
```

Text.

```python
%%jacobian x=2
def f(x):
    return sin(x)
```

<!-- explorer -->

End.
"""


def test_a_block_of_the_gallery_shows_formula_and_picture() -> None:
    """Closed form as MathML with brackets, the drawing and its words; other blocks show nothing."""
    text, slots = with_results(PAGE.replace("<!-- explorer -->\n\n", ""), gallery=True)
    (html,) = slots.values()
    assert text.count('class="jm-slot"') == 1
    assert text.index("return sin(x)") < text.index("jm-slot") < text.index("End.")
    assert "<mi>cos</mi>" in html and "<svg" in html and "<figcaption>" in html
    assert "<script" not in html


def test_an_explorer_replaces_its_comment() -> None:
    """It is live data of the block above, with the still form for readers without scripts."""
    text, slots = with_results(PAGE, gallery=False)
    (html,) = slots.values()
    assert "<!-- explorer -->" not in text
    assert re.search(r"sin\(x\)\n```\n+<div class=\"jm-slot\"", text)
    assert 'data-jm-kind="explorer"' in html and "jm-still" in html


def test_other_pages_stay_as_they_are() -> None:
    """Blocks are not run where nothing asks for their results."""
    page = "```python\nraise SystemExit\n```\n"
    assert with_results(page, gallery=False) == (page, {})


def test_every_notebook_is_a_lesson_in_the_navigation() -> None:
    """And the overview links to it."""
    navigation = (ROOT / "mkdocs.yml").read_text("utf-8")
    overview = (ROOT / "docs" / "lessons" / "index.md").read_text("utf-8")
    names = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert set(re.findall(r"lessons/([\w-]+)\.md", navigation)) - {"index"} == names
    assert set(re.findall(r"notebooks/([\w-]+)\.ipynb", overview)) == names - {"quickstart"}
