"""Names of components in code, tables and mathematics, for any text."""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jacmagic.labels import Label, symbols
from jacmagic.render.mathml import to_mathml
from jacmagic.render.names import MAX_CHARACTERS

MATHML = "{http://www.w3.org/1998/Math/MathML}"
ELEMENTS = {"math", "mrow", "mi", "mn", "mo", "mtext", "msub", "msup", "msubsup", "mover", "mspace"}


@pytest.mark.parametrize(
    ("label", "text", "unicode", "tex", "symbol"),
    [
        (Label("x"), "x", "x", "x", "x"),
        (Label("x1"), "x1", "x₁", "x_{1}", "x1"),
        (Label("x", (0,)), "x[0]", "x₀", "x_{0}", "x_0"),
        (Label("A", (0, 1)), "A[0,1]", "A₀₁", "A_{01}", "A_0_1"),
        (Label("A", (10, 2)), "A[10,2]", "A₁₀,₂", "A_{10,2}", "A_10_2"),
        (Label("x_1"), "x_1", "x₁", "x_{1}", "x_1"),
        (Label("x_1_2"), "x_1_2", "x₁,₂", "x_{1,2}", "x_1_2"),
        (Label("x1", (0, 2)), "x1[0,2]", "x₁[0,2]", "x_{1,02}", "x1_0_2"),
        (Label("v_t"), "v_t", "vₜ", "v_{t}", "v_t"),
        (Label("x_max"), "x_max", "x_max", r"x_{\mathrm{max}}", "x_max"),
        (Label("theta1"), "theta1", "θ₁", r"\theta_{1}", "theta1"),
        (Label("θ1"), "θ1", "θ₁", r"\theta_{1}", "θ1"),
        (Label("Theta"), "Theta", "Θ", r"\Theta", "Theta"),
        (Label("lambda_"), "lambda_", "λ", r"\lambda", "lambda_"),
        (Label("lambda"), "lambda", "λ", r"\lambda", "lambda_"),
        (Label("eps"), "eps", "ε", r"\varepsilon", "eps"),
        (Label("phi_dot"), "phi_dot", "phi_dot", r"\dot{\varphi}", "phi_dot"),
        (Label("q_ddot_1"), "q_ddot_1", "q_ddot_1", r"\ddot{q}_{1}", "q_ddot_1"),
        (Label("mass"), "mass", "mass", r"\mathrm{mass}", "mass"),
        (Label("mass_2"), "mass_2", "mass₂", r"\mathrm{mass}_{2}", "mass_2"),
        (Label("lstm_cell1"), "lstm_cell1", "lstm_cell₁", r"\mathrm{lstm\_cell}_{1}", "lstm_cell1"),
        (Label("Δt"), "Δt", "Δt", r"{\Delta t}", "Δt"),
        (Label("Δt_1"), "Δt_1", "Δt₁", r"{\Delta t}_{1}", "Δt_1"),
        (Label("a_rate"), "a_rate", "a_rate", r"a_{\mathrm{rate}}", "a_rate"),
        (Label("my_rate"), "my_rate", "my_rate", r"\mathrm{my\_rate}", "my_rate"),
        (Label("x'"), "x'", "x'", "x'", "x_"),
        (Label("_"), "_", "_", r"\mathrm{\_}", "_"),
        (Label("é"), "é", "é", r"\text{é}", "é"),
        (Label("α"), "α", "α", r"\alpha", "α"),
        (Label("漢字", (0,)), "漢字[0]", "漢字₀", r"\text{漢字}_{0}", "漢字_0"),
        (Label("a b"), "a b", "a b", r"\text{a b}", "a_b"),
        (Label("0.w", (1, 0)), "0.w[1,0]", "0.w[1,0]", r"\text{0.w}_{10}", "_0_w_1_0"),
        (Label("50% $"), "50% $", "50% $", r"\text{50}\%\text{ }\$", "_50___"),
        (Label("<b>"), "<b>", "<b>", r"{<}\text{b}{>}", "_b_"),
        (Label(""), "", "''", r"\text{''}", "_"),
    ],
)  # fmt: skip
def test_every_form(label: Label, text: str, unicode: str, tex: str, symbol: str) -> None:
    """The four forms of a name, from letters to things that are not names at all."""
    assert (label.text, label.unicode, label.tex, label.symbol) == (text, unicode, tex, symbol)


NAMES = st.text(max_size=60) | st.text(alphabet="abxθ漢é<>&$%_{}\\^~#'\"` \t\n/=.", max_size=12)
ODD = [
    "<script>alert(1)</script>",
    "</math><img src=x onerror=alert(1)>",
    r"\href{javascript:alert(1)}{x}",
    r"\end{bmatrix}",
    "x$$y",
    "&lt;script&gt;",
    "&#x3C;script&#x3E;",
    "}{",
    "%",
    "a\n\nb",
    "\x00",
    "\ud800",
    "\u202ecba",
    "q̌̌",
]


def with_examples(test):
    """Add known hard names to a property's random ones."""
    for name in ODD:
        test = example(name)(test)
    return settings(deadline=None)(test)


@with_examples
@given(NAMES)
def test_any_name_is_well_formed_mathml(name: str) -> None:
    """LaTeX of any name converts to well-formed MathML without other elements."""
    for label in (Label(name), Label(name, (0, 11))):
        root = ElementTree.fromstring(to_mathml(label.tex))
        assert {element.tag for element in root.iter()} <= {MATHML + name for name in ELEMENTS}
        attributes = {key for element in root.iter() for key in element.attrib}
        assert attributes <= {"accent", "display", "mathvariant", "stretchy", "width"}


@with_examples
@given(NAMES)
def test_any_name_is_inert_tex(name: str) -> None:
    """No name closes a group, ends mathematics, starts a tag or calls a command."""
    tex = Label(name).tex
    assert not re.search(r"<[A-Za-z/!?]", tex)
    assert "\n" not in tex
    assert not re.search(r"(?<!\\)[$%#&~]", tex)
    commands = set(re.findall(r"\\([A-Za-z]+)", tex))
    letters = {c for c in commands if Label(c.removeprefix("var")).tex.startswith("\\")}
    expected = {
        "text",
        "mathrm",
        "backslash",
        "wedge",
        "sim",
        "dot",
        "ddot",
        "hat",
        "bar",
        "tilde",
        "vec",
    }
    assert commands - letters <= expected
    assert all(len(text) <= MAX_CHARACTERS + 1 for text in re.findall(r"\\text{([^}]*)}", tex))
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", tex):
        depth += 1 if brace == "{" else -1
        assert depth >= 0
    assert depth == 0


@with_examples
@given(NAMES)
def test_any_name_shows_on_one_line(name: str) -> None:
    """A table shows a name in one line, with nothing invisible in it."""
    shown = Label(name, (3,)).unicode
    assert shown == " ".join(shown.split(" "))
    assert not set(shown) & set("\n\r\t\x00\u202e\u2028")


@with_examples
@given(NAMES)
def test_any_symbol_is_an_identifier(name: str) -> None:
    """Code can be written with every symbol."""
    assert Label(name).symbol.isidentifier()
    assert Label(name, (1, 0)).symbol.isidentifier()


@given(
    st.lists(
        st.builds(Label, st.text("x_0. ", max_size=4), st.tuples(st.integers(0, 1)) | st.just(()))
    )
)
def test_symbols_differ_where_labels_differ(labels: list[Label]) -> None:
    """Equal labels have one symbol, different ones different symbols."""
    identifiers = symbols(labels)
    assert len(set(identifiers)) == len(set(labels))
    assert len(set(zip(identifiers, labels, strict=True))) == len(set(labels))


def test_a_clash_gives_way() -> None:
    """An argument x_0 beside a tensor x keeps out of the way of x[0]."""
    assert symbols([Label("x", (0,)), Label("x_0"), Label("x", (0,))]) == ["x_0", "x_0_", "x_0"]


def test_long_names_are_cut() -> None:
    """A key of a thousand letters does not push everything off the page."""
    label = Label("key " * 250)
    assert len(label.unicode) == MAX_CHARACTERS
    assert label.tex.endswith("…}")
    assert label.text == "key " * 250


@pytest.mark.parametrize(
    ("name", "shown", "typeset"),
    [
        ("θ̇", "θ̇", r"\dot{\theta}"),
        ("θ̈", "θ̈", r"\ddot{\theta}"),
        ("x̂", "x̂", r"\hat{x}"),
        ("v⃗1", "v⃗₁", r"\vec{v}_{1}"),
        ("ẋ_0", "ẋ₀", r"\dot{x}_{0}"),
        ("ȳ", "ȳ", r"\bar{y}"),
    ],
)
def test_marks_on_letters_are_accents(name: str, shown: str, typeset: str) -> None:
    """What IPython's Tab writes after a letter is an accent."""
    assert unicodedata.normalize("NFC", Label(name).unicode) == unicodedata.normalize("NFC", shown)
    assert Label(name).tex == typeset
    assert Label(name).symbol.isidentifier()


def test_only_known_marks_on_single_letters_are_shown() -> None:
    """Marks heaped on a letter, or on letters of a word, stay out of a table's lines."""
    for name in ("a̸", "x̂̂̂̂", "ab̂c"):
        assert "�" in Label(name).unicode
