"""WCAG 2.2 AA by axe: every state of the view, in exported pages and in JupyterLab."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
import torch
from playwright.sync_api import Page

import jacmagic

F64 = torch.float64
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """async ([root, rules]) => {
  const found = await axe.run(root, { runOnly: rules });
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].html}`);
}"""


def scalars(*numbers: float) -> tuple[torch.Tensor, ...]:
    """Return scalar tensors."""
    return tuple(torch.tensor(one, dtype=F64) for one in numbers)


RESULTS = {
    "seed": lambda: jacmagic.jacobian(
        lambda x1, x2, x3: (x1 + x2, x3 * x1, x2**3), scalars(3, 4, 5)
    ),
    "plane": lambda: jacmagic.jacobian(lambda r, t: (r * t.cos(), r * t.sin()), scalars(2, 0.5)),
    "kink": lambda: jacmagic.jacobian(torch.relu, torch.tensor([0.0, 1.0], dtype=F64)),
    "wide": lambda: jacmagic.jacobian(
        lambda x: torch.stack([x.sum(), (x**2).sum()]), torch.ones(30, dtype=F64)
    ),
    "refused": lambda: jacmagic.jacobian(lambda x: x * torch.bernoulli(x / x), scalars(2.0)[0]),
    "hessian": lambda: jacmagic.hessian(lambda x, y: x**2 * y + y.sin(), scalars(1, 2)),
    "disagreement": lambda: jacmagic.jacobian(
        lambda x: x * x.detach(), torch.tensor([3.0, 4.0], dtype=F64)
    ),
    "nan": lambda: jacmagic.jacobian(torch.sqrt, torch.tensor([0.0, 1.0], dtype=F64)),
    "chain": lambda: jacmagic.jacobian(
        lambda x: torch.softmax(x, 0) * x.sum(), torch.linspace(-1, 1, 12, dtype=F64)
    ),
    "rotation": lambda: jacmagic.jacobian(
        lambda R, p: R @ p,
        (torch.eye(3, dtype=F64), torch.arange(3, dtype=F64)),
        wrt={"R": "SO3:right"},
    ),
    "curve": lambda: jacmagic.jacobian(lambda s: (s.cos(), s.sin(), s / 3), scalars(1)[0]),
}


def states(page: Page) -> Iterator[str]:
    """Put a page into each of its states, the entry's tab with a derivation; yield their names."""
    for tab in page.locator(".jm-tab:visible").all():
        name = tab.inner_text()
        tab.click()
        if name == "Entry":
            page.locator(".jm-grid td[role=gridcell]").first.click()
            page.wait_for_timeout(100)
        yield name
        kinds = page.locator(".jm-picture-tools select").first
        if name == "Picture" and kinds.count():
            for label in kinds.locator("option").all_inner_texts()[1:]:
                kinds.select_option(label=label)
                page.wait_for_timeout(100)
                yield f"{name}: {label}"


def violations(page: Page, root: str) -> list[str]:
    """Return what axe finds in each state of a page."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    return [
        f"{name}: {one}" for name in states(page) for one in page.evaluate(CHECK, [root, RULES])
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", RESULTS)
def test_an_exported_page_has_no_violations(context, tmp_path, name, scheme):
    """Names, roles, contrast and keyboard access hold in every tab and picture, light and dark."""
    path = RESULTS[name]().save_html(tmp_path / "page.html")
    assert context.browser is not None
    fresh = context.browser.new_context(offline=True, color_scheme=scheme, bypass_csp=True)
    page = fresh.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".jm-grid td")
    assert violations(page, "main") == []
    fresh.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["entries", "steps", "rules"])
def test_an_exercise_has_no_violations(context, tmp_path, kind, scheme):
    """The same holds for an exercise, with a right and a wrong answer and a hint."""
    path = RESULTS["plane"]().quiz(kind).save_html(tmp_path / "page.html")
    fresh = context.browser.new_context(offline=True, color_scheme=scheme, bypass_csp=True)
    page = fresh.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".jm-quiz-foot")
    for blank, text in zip(page.locator(".jm-blank-input").all(), ["cos t", "sin"], strict=False):
        blank.fill(text)
        blank.press("Enter")
    for select, k in zip(page.locator(".jm-quiz-rule select").all(), [1, 2], strict=False):
        select.select_option(index=k)
    page.get_by_role("button", name="Hint").click()
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    assert page.evaluate(CHECK, ["main", RULES]) == []
    fresh.close()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_jupyterlab_has_no_violations(opened, theme):
    """The same holds for the explorer in JupyterLab, in its own two themes."""
    notebook = opened(
        "%%jacobian x=1 y=0\ndef f(x, y):\n    return x*y, abs(y)",
    )
    notebook.theme(theme)
    assert violations(notebook.page, ".jm-explorer") == []
