"""The determinant on an exported page follows the sliders, without a kernel."""

from __future__ import annotations

from pathlib import Path

import torch
from playwright.sync_api import BrowserContext

import jacmagic


def polar(r, theta):
    return r * torch.cos(theta), r * torch.sin(theta)


def wide(r, theta):
    return r * torch.cos(theta), r * torch.sin(theta), r


def point() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(2.0, dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)


def test_the_determinant_follows_the_sliders(context: BrowserContext, tmp_path: Path) -> None:
    """det J = r shows 2, and 3 once r is 3; a matrix that is not square shows none."""
    assert context.browser is not None
    fresh = context.browser.new_context(offline=True)
    page = fresh.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(jacmagic.jacobian(polar, point()).save_html(tmp_path / "polar.html").as_uri())
    page.wait_for_selector(".jm-grid td")
    shown = page.locator(".jm-determinant")
    assert "det" in shown.inner_text()
    assert page.locator(".jm-determinant-number").inner_text() == "= 2"
    field = page.locator(".jm-slider input[type=text], .jm-slider input[type=number]").first
    field.fill("3")
    field.press("Enter")
    page.wait_for_function("document.querySelector('.jm-determinant-number').textContent === '= 3'")
    page.goto(jacmagic.jacobian(wide, point()).save_html(tmp_path / "wide.html").as_uri())
    page.wait_for_selector(".jm-grid td")
    assert page.locator(".jm-determinant").inner_text() == ""
    assert said == []
    fresh.close()
