"""The explorer from Python's side: sliders, one message a point, stale results, still forms."""

from __future__ import annotations

import asyncio
import math
import re
import time
from pathlib import Path

import ipywidgets
import numpy as np
import pytest
import sympy
import torch

import jacmagic
from jacmagic.result import derived
from jacmagic.result.verdict import diagnose
from jacmagic.view import export, reruns
from jacmagic.view import jacobian as face
from jacmagic.view.explorer import MODULES, Explorer, JacobianView, front_end, style
from jacmagic.view.explorer.rest import PAUSE

F64 = torch.float64


def seed(x1, x2, x3):
    return (x1 + x2, x3 * x1, x2**3)


@pytest.fixture
def explorer():
    """Return the worked example, live."""
    J = jacmagic.jacobian(seed, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5)))
    return J.explore()


def values(explorer) -> np.ndarray:
    """Return the numbers that the browser is given."""
    shape = explorer.jacobian.matrix.shape
    return np.frombuffer(explorer.view.values, dtype="<f8").reshape(tuple(shape))


def test_a_slider_for_each_component(explorer):
    """Labels are Unicode, ranges are value ± max(1, 2·|value|), steps are round."""
    assert [slider.description for slider in explorer.sliders] == ["x₁", "x₂", "x₃"]
    first = explorer.sliders[0]
    assert (first.min, first.max, first.value, first.step) == (-3, 9, 3, pytest.approx(0.1))


def test_everything_follows_a_slider(explorer):
    """Values, derivation and agreement change together and are torch's."""
    before = dict(explorer.view.chain)
    explorer.sliders[1].value = 5
    assert values(explorer).tolist() == [[1, 1, 0], [5, 0, 3], [0, 75, 0]]
    assert explorer.jacobian.matrix.tolist() == [[1, 1, 0], [5, 0, 3], [0, 75, 0]]
    assert explorer.point["x2"] == 5
    assert explorer.view.chain == before  # typeset once: only the numbers in its slots move
    assert np.frombuffer(explorer.view.numbers, dtype="<f8").tolist() == [3, 5, 5]
    assert np.frombuffer(explorer.view.at, dtype="<f8").tolist() == [3, 5, 5]
    assert "x₂ = 5" in explorer.view.status["point"]
    assert explorer.view.status["verdict"] == "agree"


def test_the_verdict_waits_until_the_sliders_rest(explorer, monkeypatch):
    """In a loop an event sends torch's numbers; the sources are compared after the last of them."""
    compared = []
    monkeypatch.setattr(
        derived, "diagnose", lambda *a, **n: compared.append(1) or diagnose(*a, **n)
    )

    async def drag():
        for step in range(4):
            explorer.sliders[1].value = 5 + step
            assert values(explorer)[2, 1] == 3 * (5 + step) ** 2
            assert explorer.view.status["verdict"] == "checking"
            assert "agree" not in explorer.view.status["agreement"]
            time.sleep(0.75 * PAUSE)  # the loop is busy with each event
            await asyncio.sleep(0)
        assert not compared
        await asyncio.sleep(2 * PAUSE)

    asyncio.run(drag())
    assert explorer.view.status["verdict"] == "agree" and len(compared) == 1
    assert "x₂ = 8" in explorer.view.status["point"]


def test_a_disagreement_is_told_at_rest_and_nothing_before():
    """What differs from the closed form, or stands on a kink, never passes for agreement."""

    def cut(x):
        return x * x.detach() + abs(x - 3)

    explorer = jacmagic.jacobian(cut, torch.tensor(1.0, dtype=F64)).explore()
    first = explorer.view.status["verdict"]

    async def drag():
        for place in (1.5, 2.0, 3.0, 3.5):
            explorer.sliders[0].value = place
            assert explorer.view.status["verdict"] in ("checking", first)
        await asyncio.sleep(2 * PAUSE)

    assert first == "disagree"
    asyncio.run(drag())
    assert explorer.view.status["verdict"] == "disagree"


def test_another_branch_brings_its_formula_at_once():
    """While a slider moves the numbers of one branch never stand in the formula of another."""

    def bent(x):
        return x**2 if x < 2 else 5 * x

    explorer = jacmagic.jacobian(bent, torch.tensor(1.0, dtype=F64)).explore()
    before = explorer.view.chain

    async def drag():
        explorer.sliders[0].value = 1.5
        assert explorer.view.chain == before
        explorer.sliders[0].value = 2.5
        assert explorer.view.chain != before
        assert values(explorer).tolist() == [[5]]

    asyncio.run(drag())


def test_a_page_is_saved_with_a_verdict(explorer, tmp_path):
    """Saving does not wait for the sliders to rest."""

    async def drag():
        explorer.sliders[1].value = 6
        explorer.save_html(tmp_path / "page.html")
        assert explorer.view.status["verdict"] == "agree"

    asyncio.run(drag())


def test_one_message_a_point(explorer, monkeypatch):
    """The browser never sees the values of one point beside the derivation of another."""
    sent = []
    monkeypatch.setattr(explorer.view, "_send", lambda message, buffers=None: sent.append(message))
    explorer.sliders[1].value = 6
    (update,) = [message for message in sent if message.get("method") == "update"]
    numbers = {path for (path,) in update["buffer_paths"]}
    assert set(update["state"]) | numbers == {"values", "numbers", "at", "status"}


def test_a_failing_point_keeps_the_last_good_result():
    """An exception in the user's function marks the view stale instead of blanking it."""

    def picky(x):
        if x > 4:
            raise ValueError("too far")
        return x**2

    explorer = jacmagic.jacobian(picky, torch.tensor(3.0, dtype=F64)).explore()
    explorer.sliders[0].value = 5
    assert "too far" in explorer.view.status["stale"]
    assert "x = 5" in explorer.view.status["stale"]
    assert values(explorer).tolist() == [[6]]
    explorer.sliders[0].value = 2
    assert explorer.view.status["stale"] == ""
    assert values(explorer).tolist() == [[4]]


def test_crossing_a_branch_changes_the_formula():
    """Beyond a condition the closed form is that of the other branch."""

    def branching(x):
        return x**2 if x > 1 else -x

    explorer = jacmagic.jacobian(branching, torch.tensor(2.0, dtype=F64)).explore()
    before = explorer.view.chain["links"][2]
    explorer.sliders[0].value = 0.5
    assert explorer.view.chain["links"][2] != before
    assert explorer.view.status["verdict"] == "agree"


def test_reset(explorer):
    """Reset brings back the point where the explorer began."""
    explorer.sliders[0].value = 7
    explorer.sliders[2].value = -2
    explorer.reset()
    assert [slider.value for slider in explorer.sliders] == [3, 4, 5]
    assert values(explorer)[1].tolist() == [5, 0, 3]


def test_ranges_are_obeyed():
    """A given range and step replace the default, by label."""
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor([1.0, 2.0], dtype=F64))
    explorer = J.explore(ranges={"x[1]": (0, 5, 0.5)})
    second = explorer.sliders[1]
    assert (second.min, second.max, second.step) == (0, 5, 0.5)


def test_many_components_have_a_chooser():
    """Above 24 components one chosen component has a slider; the others keep their values."""
    J = jacmagic.jacobian(lambda x: (x**2).sum(), torch.ones(30, dtype=F64))
    explorer = J.explore()
    assert len(explorer.sliders) == 1
    explorer.sliders[0].value = 2
    explorer.chooser.value = 7
    assert explorer.sliders[0].description == "x₇"
    explorer.sliders[0].value = 3
    assert values(explorer)[0, :8].tolist() == [4, 2, 2, 2, 2, 2, 2, 6]


def test_structural_zeros_are_told_apart():
    """An entry that is zero everywhere differs from one that is zero here."""
    J = jacmagic.jacobian(lambda x, y: (x**2, y), tuple(torch.zeros(2, dtype=F64)))
    zeros = np.frombuffer(J.explore().view.zeros, dtype=np.uint8).reshape(2, 2)
    assert zeros.tolist() == [[0, 1], [1, 0]]


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_disagreeing_entries_are_marked():
    """The entries on which torch stands alone are marked, and the chain does not say =."""
    J = jacmagic.jacobian(lambda x: torch.tensor([x[0] ** 2, x[1]]), torch.ones(2, dtype=F64))
    view = J.explore().view
    assert view.status["marked"] == [[0, 0], [1, 1]]
    assert view.chain["sign"] == "≠"
    assert view.live == {}


def test_still_forms_travel_along(explorer):
    """Beside the widget the bundle holds text, LaTeX and HTML for clients without widgets."""
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {
        "application/vnd.jupyter.widget-view+json",
        "text/plain",
        "text/latex",
        "text/html",
    }


def test_traits_equal_the_typedef():
    """The model's own traits are exactly those that view.mjs documents."""
    source = (
        style.__wrapped__.__globals__["files"]("jacmagic") / "view" / "static" / "view.mjs"
    ).read_text()
    typedef = source.partition("@typedef {object} Traits")[2].partition("@typedef")[0]
    documented = set(re.findall(r"@property \{.*?\} (\w+)", typedef))
    own = {
        name
        for name, trait in JacobianView.class_own_traits().items()
        if trait.metadata.get("sync")
    }
    assert documented == own - {"_esm", "_css"}


def test_front_end_is_one_module():
    """The bundle has one default export, no imports, and every file in it."""
    source = front_end()
    assert "import " not in re.sub(r"import\(", "", re.sub(r"/\*.*?\*/", "", source, flags=re.S))
    assert re.findall(r"^export .*", source, flags=re.M) == ["export default { render };"]
    folder = Path(jacmagic.__file__).parent / "view" / "static"
    static = {path.name for path in folder.glob("*.mjs")}
    static -= {"host.mjs", "unpack.mjs"}  # a page of its own has these
    assert static == set(MODULES)
    for forbidden in ("innerHTML", "eval(", "new Function", "insertAdjacentHTML"):
        assert forbidden not in source


def test_embedding_keeps_the_view():
    """A page that drops defaults still knows the view's code and name."""
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(1.0, dtype=F64))
    state = J.explore().view._get_embed_state(drop_defaults=True)["state"]
    assert state["_esm"] == front_end()
    assert "_view_name" in state


def test_hostile_names_stay_text():
    """A key with markup in it reaches the browser as text inside MathML, never as elements."""
    J = jacmagic.jacobian(
        lambda x: {"<script>alert(1)</script>": x**2, "<img src=x onerror=alert(1)>": x},
        torch.tensor(1.0, dtype=F64),
    )
    chain = J.explore().view.chain
    for source in (chain["head"], *chain["links"]):
        assert "<script" not in source
        assert "<img" not in source


def test_explorer_is_public():
    """`J.explore()` is an Explorer."""
    J = jacmagic.jacobian(lambda x: x, torch.tensor(1.0, dtype=F64))
    assert isinstance(J.explore(), Explorer)


def test_an_entry_is_called_as_the_notation_calls_it(explorer):
    """A Jacobian's entry is a derivative, a Hessian's a second one."""
    assert explorer.view.spec["entry"] == "∂{output}/∂{input}"
    H = jacmagic.hessian(lambda x: x**3, torch.tensor(2.0, dtype=F64))
    spec = H.explore().view.spec
    assert spec["title"].startswith("Hessian") and spec["entry"].startswith("∂²")


def test_another_view_finds_nothing_again():
    """The agreement is examined once, whatever is changed about the view."""
    calls = []

    def counted(x, y, alpha=1.5):
        calls.append(1)
        return alpha * x * y

    J = jacmagic.jacobian(counted, tuple(torch.ones(2, dtype=F64)))
    assert J.agreement.verdict == "agree"
    before = len(calls)
    assert J.shown(digits=7).agreement is J.agreement
    assert len(calls) == before


# ── the point typed is the point shown ────────────────────────────────────────────────────────

POINTS = [math.pi / 6, -math.sqrt(2), 1 / 3, 1e-12, -1e-300, 1e12, 1e12 + 1 / 3, -1.7e308, 0.0]


@pytest.mark.parametrize("value", POINTS)
def test_any_point_is_held_as_typed(value):
    """A slider begins at the typed number, which its range and its step never change."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(value, dtype=F64))
    explorer = J.explore()
    slider = explorer.sliders[0]
    assert slider.value == explorer.point["x"].item() == value
    assert slider.min < value < slider.max and slider.step > 0
    places = (value - slider.min) / slider.step if slider.max < 1e300 else 0
    fine = slider.step <= 1e-6 * (slider.max / 2 - slider.min / 2) * 2
    assert fine or abs(places - round(places)) < 1e-9 * max(1, places)
    for other in POINTS:
        slider.value = other
        assert slider.value == explorer.jacobian.point["x"].item() == other
        assert np.frombuffer(explorer.view.at, dtype="<f8").tolist() == [other]
    explorer.reset()
    assert slider.value == value


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_point_that_is_no_number(value):
    """Where the point is not finite, the slider has a finite range, and a number can be given."""
    explorer = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(value, dtype=F64)).explore()
    slider = explorer.sliders[0]
    assert str(slider.value) == str(value)
    assert (slider.min, slider.max, slider.step) == (-1, 1, pytest.approx(0.01))
    slider.value = 0.5
    assert explorer.jacobian.point["x"].item() == 0.5
    explorer.reset()
    assert str(slider.value) == str(value)


@pytest.mark.parametrize(
    ("low", "high"), [(-math.pi, math.pi), (-1e-9, 1e-9), (-1.7e308, 1.7e308), (-0.1, 1e6), (0, 1)]
)
@pytest.mark.parametrize("value", [math.pi / 6, 1 / 3, 0.0])
def test_a_range_holds_the_start_and_zero(low, high, value):
    """The ends are obeyed; the start and 0 lie on the steps, or these are fine."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(value, dtype=F64))
    slider = J.explore(ranges={"x": (low, high, None)}).sliders[0]
    assert (slider.value, slider.min, slider.max) == (value, low, high)
    width = high / 2 - low / 2
    for number in (value, 0.0):
        places = number / slider.step - low / slider.step
        on_a_step = abs(places - round(places)) < 1e-6
        assert on_a_step or slider.step <= 2e-6 * width or not low <= number <= high


def test_a_step_of_ones_own_is_obeyed_beside_the_point():
    """A step that misses the start stays, and so does the start."""
    J = jacmagic.jacobian(lambda x: 3 * x, torch.tensor(0.3, dtype=F64))
    slider = J.explore(ranges={"x": (0, 1, 0.25)}).sliders[0]
    assert (slider.value, slider.step) == (0.3, 0.25)


# ── robustness and memory ─────────────────────────────────────────────────────────────────────


def broken(*_: object, **__: object):
    """Return what SymPy may do at any time."""
    return sympy.Symbol(3)


@pytest.mark.parametrize("where", ["templates", "step_template"])
def test_numbers_stand_where_sympy_fails(monkeypatch, where):
    """An exception of SymPy's becomes a note in the view; the numbers and sliders stay."""
    monkeypatch.setattr(jacmagic.Jacobian, where, broken)
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    explorer = J.explore()
    explorer.sliders[0].value = 2
    explorer.view.explain(0, 0)
    assert values(explorer).tolist() == [[4]]
    noted = explorer.view.chain["note"] + explorer.view.entries["0,0"]["note"]
    assert "more than SymPy can do: TypeError" in noted
    assert bool(explorer.view.chain["note"]) == (where == "templates")


def test_copies_follow_layout_and_names():
    """LaTeX and SymPy, in both layouts, with names and with numbers, are the table's numbers."""

    def f(x, y, alpha=1.25):
        return alpha * x**3 * y, y / 3, torch.sigmoid(alpha * x)

    J = jacmagic.jacobian(f, tuple(torch.tensor(v, dtype=F64) for v in (0.3, 2.0)))
    for layout in ("numerator", "denominator"):
        chain = J.shown(layout=layout).explore().view.chain
        for copies, named in ((chain["copies"], True), (chain["plain"]["copies"], False)):
            for place, text in enumerate(copies["SymPy"]):
                *constants, matrix = text.splitlines()
                assert constants == (["alpha = 1.25"] if named else [])
                space = dict(vars(sympy)) | {"x": 0.3, "y": 2.0}
                exec("\n".join(constants), space)
                found = np.array(eval(matrix, space).evalf(), dtype=float)
                truth = J.to_numpy()
                turned = (layout == "denominator") != (place == 1)
                assert np.allclose(found, truth.T if turned else truth)
                latex = copies["LaTeX"][place]
                assert (r"^{\mathsf{T}}" in latex) == turned
                assert (r"\alpha = 1.25" in latex) == named
                assert latex.count("&") == (truth.T if turned else truth).size - len(found)


def test_the_line_that_asked_travels():
    """The view knows the magic and its options; for a call from Python it is the usual magic."""
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    assert J.explore().view.spec["command"] == ["%%jacobian", ""]
    H = jacmagic.hessian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    assert H.explore().view.spec["command"] == ["%%hessian", ""]
    nested = jacmagic.jacobian(lambda p: p["w"] ** 2, {"w": torch.tensor(3.0, dtype=F64)})
    assert nested.explore().view.spec["command"] is None


@pytest.fixture
def in_a_notebook(monkeypatch):
    """Cells of a notebook: a function that shows a new Jacobian as a cell with a name would."""
    monkeypatch.setattr(face, "_widgets_run", lambda: True)
    monkeypatch.setattr(reruns, "_OUTPUTS", [])
    monkeypatch.setattr(reruns, "_REPLACED", [])

    def show(cell, execution, J=None):
        monkeypatch.setattr(reruns, "_running", lambda: (cell, execution))
        J = J or jacmagic.jacobian(seed, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5)))
        J._repr_mimebundle_()
        return J

    return show


def test_a_jacobian_shown_again_is_the_same_widget(in_a_notebook):
    """Two outputs of one Jacobian are views of one explorer, which lives while either stands."""
    J = in_a_notebook("a", "1")
    explorer = J.explorer
    before = len(ipywidgets.widgets.widget._instances)
    assert in_a_notebook("b", "2", J).explorer is explorer
    assert len(ipywidgets.widgets.widget._instances) == before
    in_a_notebook("a", "3")
    assert explorer.comm is not None
    in_a_notebook("b", "4")
    in_a_notebook("b", "5")
    assert explorer.comm is None
    assert J.explorer is None or J.explorer.comm is None


def test_a_jacobian_shown_again_names_the_widget_on_screen(in_a_notebook):
    """`J.explorer` is the widget that was shown last, whatever was explored in between."""
    J = in_a_notebook("a", "1")
    shown = J.explorer
    between = J.explore()
    assert J.explorer is between
    assert in_a_notebook("b", "2", J).explorer is shown


def test_a_cell_that_runs_again_closes_what_it_showed(in_a_notebook):
    """Running a cell again and again keeps one explorer; other cells keep theirs."""
    other = in_a_notebook("other", "0")
    in_a_notebook("cell", "1")
    in_a_notebook("cell", "2")
    before = len(ipywidgets.widgets.widget._instances)
    for execution in range(3, 12):
        last = in_a_notebook("cell", str(execution))
    assert len(ipywidgets.widgets.widget._instances) == before
    assert other.explorer.comm is not None and last.explorer.comm is not None


def test_a_cell_whose_explorer_was_closed_runs_again(in_a_notebook):
    """Closing what a cell shows, or only its box, does not stop the cell; no part is left open."""
    before = len(ipywidgets.widgets.widget._instances)
    export.close(in_a_notebook("cell", "1").explorer)
    in_a_notebook("cell", "2").explorer.close()
    export.close(in_a_notebook("cell", "3").explorer)
    assert len(ipywidgets.widgets.widget._instances) == before


def test_very_many_cells_keep_a_bounded_number_of_widgets(in_a_notebook, monkeypatch):
    """The oldest explorers are let go, and their views are told; saving a page leaves nothing."""
    monkeypatch.setattr(reruns, "MOST", 3)
    views = [in_a_notebook(None, None).explorer.view for _ in range(3)]
    full = len(ipywidgets.widgets.widget._instances)
    for _ in range(5):
        in_a_notebook(None, None)
    assert len(ipywidgets.widgets.widget._instances) == full
    assert [view.followed for view in views] == [False] * 3


@pytest.mark.parametrize("hostile", ["__proto__", "constructor", "toString", "</script>", "${1}"])
def test_hostile_names_reach_the_view_as_text(hostile):
    """Names that mean something to a browser are labels and nothing else."""
    J = jacmagic.jacobian(lambda x: {hostile: x**2}, torch.tensor(1.0, dtype=F64), names=[hostile])
    spec = J.explore().view.spec
    assert spec["inputs"] == [{"name": hostile, "shape": []}]
    assert all("<script" not in text for text in (spec["rows"][0], spec["columns"][0]))
