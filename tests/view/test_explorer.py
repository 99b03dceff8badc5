"""The explorer in Python: sliders, messages, stale results, still forms."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

import jacmagic
from jacmagic.result import derived
from jacmagic.result.verdict import diagnose
from jacmagic.view.explorer import Explorer
from jacmagic.view.explorer.assets import MODULES, front_end, style
from jacmagic.view.explorer.debounce import SECONDS_OF_REST
from jacmagic.view.explorer.traits import JacobianView

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
    assert np.frombuffer(explorer.view.at)[1] == 5
    assert explorer.view.status["verdict"] == "agree"


def test_the_verdict_waits_until_the_sliders_rest(explorer, monkeypatch):
    """In a loop an event sends numbers; the sources are compared at rest."""
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
            time.sleep(0.75 * SECONDS_OF_REST)  # the loop is busy with each event
            await asyncio.sleep(0)
        assert not compared
        await asyncio.sleep(2 * SECONDS_OF_REST)

    asyncio.run(drag())
    assert explorer.view.status["verdict"] == "agree" and len(compared) == 1
    assert np.frombuffer(explorer.view.at)[1] == 8


def test_a_disagreement_shows_at_rest_and_no_verdict_before():
    """A difference from the closed form, or a kink, never passes for agreement."""

    def cut(x):
        return x * x.detach() + abs(x - 3)

    explorer = jacmagic.jacobian(cut, torch.tensor(1.0, dtype=F64)).explore()
    first = explorer.view.status["verdict"]

    async def drag():
        for x in (1.5, 2.0, 3.0, 3.5):
            explorer.sliders[0].value = x
            assert explorer.view.status["verdict"] in ("checking", first)
        await asyncio.sleep(2 * SECONDS_OF_REST)

    assert first == "disagree"
    asyncio.run(drag())
    assert explorer.view.status["verdict"] == "disagree"


def test_another_branch_shows_its_formula_at_once():
    """A moving slider never puts numbers of one branch into another's formula."""

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
    """Values and derivation of one point arrive in one message."""
    sent = []
    monkeypatch.setattr(explorer.view, "_send", lambda message, buffers=None: sent.append(message))
    explorer.sliders[1].value = 6
    (update,) = [message for message in sent if message.get("method") == "update"]
    numbers = {path for (path,) in update["buffer_paths"]}
    assert set(update["state"]) | numbers == {"values", "outputs", "numbers", "at", "status"}


def test_a_failing_point_keeps_the_last_good_result():
    """An exception in the user's function marks the view stale."""

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
    """Reset returns to the point where the explorer began."""
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


@pytest.mark.parametrize("digits", [0, 18, "a"])
def test_digits_that_no_number_has_are_refused(digits, explorer):
    """The message says which there are."""
    message = f"digits from 1 to 17; found {digits!r}"
    with pytest.raises(jacmagic.OptionError, match=message):
        explorer.jacobian.shown(digits=digits)
    with pytest.raises(jacmagic.OptionError, match=message):
        explorer.jacobian.explore(digits=digits)


def test_many_components_have_a_chooser():
    """Above 24 components the chosen one has a slider; others keep their values."""
    J = jacmagic.jacobian(lambda x: (x**2).sum(), torch.ones(30, dtype=F64))
    explorer = J.explore()
    assert len(explorer.sliders) == 1
    explorer.sliders[0].value = 2
    explorer.chooser.value = 7
    assert explorer.sliders[0].description == "x₇"
    explorer.sliders[0].value = 3
    assert values(explorer)[0, :8].tolist() == [4, 2, 2, 2, 2, 2, 2, 6]


def test_structural_zeros_are_distinguished():
    """An entry that is zero everywhere differs from one that is zero here."""
    J = jacmagic.jacobian(lambda x, y: (x**2, y), tuple(torch.zeros(2, dtype=F64)))
    zeros = np.frombuffer(J.explore().view.zeros, dtype=np.uint8).reshape(2, 2)
    assert zeros.tolist() == [[0, 1], [1, 0]]


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_disagreeing_entries_are_marked():
    """Entries on which torch is alone are marked, and the chain has no =."""
    J = jacmagic.jacobian(lambda x: torch.tensor([x[0] ** 2, x[1]]), torch.ones(2, dtype=F64))
    view = J.explore().view
    assert view.status["marked"] == [[0, 0], [1, 1]]
    assert view.chain["sign"] == "≠"
    assert view.live == {}


def test_still_forms_travel_along(explorer):
    """The bundle has text, LaTeX and HTML for clients without widgets."""
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


FOLDER = Path(jacmagic.__file__).parent / "view" / "static"


@pytest.mark.parametrize("kind", MODULES)
def test_front_end_is_one_module(kind):
    """A bundle has one default export, no imports, and each name once."""
    modules, source, names = MODULES[kind], front_end(kind), []
    assert "import " not in re.sub(r"import\(", "", re.sub(r"/\*.*?\*/", "", source, flags=re.S))
    assert re.findall(r"^export .*", source, flags=re.M) == ["export default { render };"]
    for k, name in enumerate(modules):  # each below those that it imports
        imported = re.findall(
            r'^import .*? from "\./(.*?)";', (FOLDER / name).read_text("utf-8"), re.M | re.S
        )
        assert set(imported) <= set(modules[:k]), name
        text = (FOLDER / name).read_text("utf-8")
        names += re.findall(r"^(?:export )?(?:function\*?|const|let|class) (\w+)", text, re.M)
    assert len(names) == len(set(names)) > 50
    for forbidden in ("innerHTML", "eval(", "new Function", "insertAdjacentHTML"):
        assert forbidden not in source


def test_every_script_is_in_a_bundle():
    """What lies in the folder is in a bundle, or is a page's own."""
    static = {path.name for path in FOLDER.glob("*.mjs")}
    assert static == {*MODULES["explorer"], *MODULES["quiz"], "host.mjs", "unpack.mjs"}


@pytest.mark.parametrize("modules", MODULES.values())
def test_no_name_is_declared_twice_in_a_bundle(modules):
    """The modules of a bundle become one, in which a second declaration is an error."""
    joined = "\n".join((FOLDER / name).read_text("utf-8") for name in modules)
    names = re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", joined, flags=re.M)
    assert sorted(names) == sorted(set(names))


def test_embedding_keeps_the_view():
    """A page that drops defaults still knows the view's code and name."""
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(1.0, dtype=F64))
    state = J.explore().view._get_embed_state(drop_defaults=True)["state"]
    assert state["_esm"] == front_end("explorer")
    assert "_view_name" in state


def test_hostile_names_stay_text():
    """A key with markup reaches the browser as text inside MathML."""
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


def broken(*_: object, **__: object):
    """Return what SymPy may do at any time."""
    return sympy.Symbol(3)


@pytest.mark.parametrize("where", ["templates", "step_template"])
def test_numbers_stand_where_sympy_fails(monkeypatch, where):
    """An exception of SymPy becomes a note; numbers and sliders stay."""
    monkeypatch.setattr(jacmagic.Jacobian, where, broken)
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    explorer = J.explore()
    explorer.sliders[0].value = 2
    explorer.view.explain(0, 0)
    assert values(explorer).tolist() == [[4]]
    noted = explorer.view.chain["note"] + explorer.view.entries["0,0"]["note"]
    assert "more than SymPy can do: TypeError" in noted
    start = "the formula is not written out: the closed form is" if where == "templates" else ""
    assert explorer.view.chain["note"].startswith(start)
    assert bool(explorer.view.chain["note"]) == bool(start)


def test_copies_follow_layout_and_names():
    """Copies in both layouts, with names or numbers, give the table's numbers."""

    def f(x, y, alpha=1.25):
        return alpha * x**3 * y, y / 3, torch.sigmoid(alpha * x)

    J = jacmagic.jacobian(f, tuple(torch.tensor(v, dtype=F64) for v in (0.3, 2.0)))
    for layout in ("numerator", "denominator"):
        chain = J.shown(layout=layout).explore().view.chain
        for copies, named in ((chain["copies"], True), (chain["plain"]["copies"], False)):
            for k, text in enumerate(copies["SymPy"]):
                *constants, matrix = text.splitlines()
                assert constants == (["alpha = 1.25"] if named else [])
                space = dict(vars(sympy)) | {"x": 0.3, "y": 2.0}
                exec("\n".join(constants), space)
                found = np.array(eval(matrix, space).evalf(), dtype=float)
                truth = J.to_numpy()
                turned = (layout == "denominator") != (k == 1)
                assert np.allclose(found, truth.T if turned else truth)
                latex = copies["LaTeX"][k]
                assert (r"^{\mathsf{T}}" in latex) == turned
                assert (r"\alpha = 1.25" in latex) == named
                assert latex.count("&") == (truth.T if turned else truth).size - len(found)


def test_the_line_that_asked_travels():
    """The view has the magic and its options, or the usual magic."""
    J = jacmagic.jacobian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    assert J.explore().view.spec["command"] == ["%%jacobian", ""]
    H = jacmagic.hessian(lambda x: x**2, torch.tensor(3.0, dtype=F64))
    assert H.explore().view.spec["command"] == ["%%hessian", ""]
    nested = jacmagic.jacobian(lambda p: p["w"] ** 2, {"w": torch.tensor(3.0, dtype=F64)})
    assert nested.explore().view.spec["command"] is None


@pytest.mark.parametrize("hostile", ["__proto__", "constructor", "toString", "</script>", "${1}"])
def test_hostile_names_reach_the_view_as_text(hostile):
    """Names that mean something to a browser are labels and nothing else."""
    J = jacmagic.jacobian(lambda x: {hostile: x**2}, torch.tensor(1.0, dtype=F64), names=[hostile])
    spec = J.explore().view.spec
    assert spec["inputs"] == [{"name": hostile, "shape": []}]
    assert all("<script" not in text for text in (spec["rows"][0], spec["columns"][0]))
