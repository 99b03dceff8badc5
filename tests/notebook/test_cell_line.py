"""The magic's line: literal in, literal out; its parts may be in any order."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jacmagic.errors import CellError
from jacmagic.notebook.cell import Line, RangeText, read_line, read_range
from jacmagic.notebook.cell.line import Assignment

FLAGS = ("--strict", "--still", "--steps", "-q")
VALUED = ("--of", "--wrt", "--at", "--range", "--budget", "-p", "-v")


def read(text: str, *, wants_target: bool = False) -> Line:
    """Return the line as the magic would read it."""
    return read_line(text, flags=FLAGS, valued=VALUED, wants_target=wants_target)


def pairs(line: Line) -> dict[str, str]:
    """Return the point as a plain dict of texts."""
    return {assignment.name: assignment.source for assignment in line.point}


def test_the_point_keeps_names_texts_and_columns() -> None:
    """Names, texts and columns of the point come out as typed."""
    assert read("x1=3  x2=a+b").point == (Assignment("x1", "3", 0), Assignment("x2", "a+b", 6))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("x=3", {"x": "3"}),
        ("x=[1, 2] y=(3 + 4)", {"x": "[1, 2]", "y": "(3 + 4)"}),
        ("x='a b' y=2", {"x": "'a b'", "y": "2"}),
        (r"x='it\'s ]' y=2", {"x": r"'it\'s ]'", "y": "2"}),
        ("A=[[1, 2], [3, 4]]", {"A": "[[1, 2], [3, 4]]"}),
        ("x=d['k=v w']", {"x": "d['k=v w']"}),
        ("x=3, y=4", {"x": "3", "y": "4"}),
        ("x=3  # the point", {"x": "3"}),
        ("x=3;", {"x": "3"}),
        ("x=-3 y=-pi/2", {"x": "-3", "y": "-pi/2"}),
        ("ﬁ=1", {"fi": "1"}),
        ("layer.weight=W", {"layer.weight": "W"}),
        ("x=f(a=1, b=2)", {"x": "f(a=1, b=2)"}),
        ("θ̇=1 v⃗=2", {"θ̇": "1", "v⃗": "2"}),
        ("x\u0307=1", {"ẋ": "1"}),
    ],
)
def test_values_may_hold_blanks_inside_brackets_and_quotes(
    text: str, expected: dict[str, str]
) -> None:
    """Brackets and quotes keep a value together."""
    assert pairs(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("--strict", ("--strict",)),
        ("-p 6", ("-p6",)),
        ("-p6", ("-p6",)),
        ("-p=6", ("-p6",)),
        ("--of f", ("--of=f",)),
        ("--of=f", ("--of=f",)),
        ("--at {'x': 1, 'y': 2}", ("--at={'x': 1, 'y': 2}",)),
        ('--at "(1, 2)"', ("--at=(1, 2)",)),
        ("--range x[0]=0:5 --range y=-1:1", ("--range=x[0]=0:5", "--range=y=-1:1")),
        ("--budget -1", ("--budget=-1",)),
        ("--strict;", ("--strict",)),
    ],
)
def test_options_come_out_with_their_values_attached(text: str, options: tuple[str, ...]) -> None:
    """Both spellings of a value give one token for the option parser."""
    assert read(text).options == options


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("f", "f"),
        ("f x=3", "f"),
        ("--strict f x=3", "f"),
        ("x=3 model.forward -p 6", "model.forward"),
        ("partial(f, n=3) x=1", "partial(f, n=3)"),
        ("lambda x: x**2", "lambda x: x**2"),
        ("A @ B", "A @ B"),
        ("f;", "f"),
        ("", None),
    ],
)
def test_the_target_is_what_is_neither_pair_nor_option(text: str, target: str | None) -> None:
    """`%jacobian TARGET` takes any expression, anywhere in the line."""
    assert read(text, wants_target=True).target == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x=3 x=4",
            "the point names x twice; write it once\n  %%jacobian x=3 x=4\n" + " " * 17 + "^",
        ),
        ("x=", "the point needs a value for x; write x=VALUE without blanks\n"),
        ("x= 3", "the point needs a value for x"),
        ("x= --still", "the point needs a value for x; write x=VALUE without blanks\n"),
        ("x=3 + 4", "found '+'; write values with blanks in brackets"),
        ("x=[1, 2", "a bracket is not closed; write the missing ']'\n"),
        ("x=1]", "this ']' closes nothing"),
        ("x=(1]", "this ']' closes nothing"),
        ("x='a", "a quote is not closed"),
        ("x=3,y=4", "the value of x is not a Python expression: 3,y=4"),
        ("--strikt", "there is no option --strikt; did you mean --strict?"),
        ("--digits 3", "there is no option --digits; did you mean -p/--precision?"),
        ("--strategy=rows", "did you mean --mode?"),
        ("--chunk-size 3", "did you mean --chunk?"),
        ("--hessian", "did you mean %hessian?"),
        ("--nonsense", "there is no option --nonsense; write -h to see them all"),
        ("-z", "there is no option -z"),
        ("--strict=1", "--strict takes no value; write --strict alone"),
        ("--of", "--of needs a value; write --of VALUE\n  %%jacobian --of\n" + " " * 13 + "^^^^"),
        ("--of --strict", "--of needs a value"),
        ("--of=", "--of needs a value"),
        ("f", "expected name=value pairs and options; found 'f'"),
        (r"\theta=pi/6", r"found \theta; write for example theta=pi/6, or press Tab behind \theta"),
        ("1 2", "found '1'; write a name before each value, such as x=1"),
        ("x=1 —steps", "found '—steps'; write --steps"),
        ("--wrt x, y", "found 'y'; write --wrt x,y"),
        ("x=30°", "write radians(30)"),
        ("x=[1 2]", "write [1, 2]"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_a_caret(text: str, message: str) -> None:
    """Every error names the wrong part and marks it."""
    with pytest.raises(CellError, match=r"(?s)^[^\n]+\n  %%jacobian [^\n]*\n +\^+$") as caught:
        read(text)
    assert message in str(caught.value)


def test_two_targets_are_refused() -> None:
    """Only one target can be differentiated."""
    with pytest.raises(CellError, match=r"expected one target, .*; found 'f g'"):
        read("f g", wants_target=True)
    with pytest.raises(
        CellError, match="write blanks in brackets, and a point as x=1 or --at VALUE"
    ):
        read("net torch.ones(12)", wants_target=True)


@pytest.mark.parametrize("wants_target", [True, False])
def test_a_pair_needs_a_name(wants_target: bool) -> None:
    """What stands before the sign is named, whatever else the line lacks."""
    wanted = r"expected the name of an argument before =; found 0; write for example x=\[1, 2\]"
    with pytest.raises(CellError, match=wanted):
        read("net 0=[1, 2]" if wants_target else "0=[1, 2]", wants_target=wants_target)


def test_carets_can_point_at_a_fragment_and_past_the_end() -> None:
    """Later stages point into the line as typed."""
    line = read("x=3 --of g")
    assert line.mark_text("g") == "\n  %%jacobian x=3 --of g\n" + " " * 22 + "^"
    assert line.mark_text("absent") == ""
    assert line.mark_end().splitlines()[-1].index("^") == len("  %%jacobian x=3 --of g") + 1


PAIRS = ("x=3", "y=[1, 2]", "z='a b'", "w=f(1, k=2)")
OPTIONS = (("--strict",), ("-p", "6"), ("--of=f",), ("--range", "x=0:5"), ("-q",))


@given(st.permutations([(pair,) for pair in PAIRS] + list(OPTIONS)), st.integers(1, 3))
def test_any_interleaving_reads_the_same(parts: list[tuple[str, ...]], blanks: int) -> None:
    """Point and options may be in any order, with any number of blanks."""
    line = read((" " * blanks).join(" ".join(part) for part in parts))
    assert pairs(line) == dict(pair.split("=", 1) for pair in PAIRS)
    assert sorted(line.options) == sorted(["--strict", "-p6", "--of=f", "--range=x=0:5", "-q"])


VALUES = st.recursive(
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab =[](){}'\"\\#;,-", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=6,
)


@given(st.lists(VALUES.map(repr), min_size=1, max_size=4), st.sampled_from(["", "--strict", "-q"]))
def test_any_python_literal_survives_as_a_value(sources: list[str], option: str) -> None:
    """What Python can read as a literal, the line carries unchanged."""
    typed = " ".join(f"x{number}={source}" for number, source in enumerate(sources))
    line = read(f"{option} {typed}")
    assert [ast.literal_eval(a.source) for a in line.point] == list(map(ast.literal_eval, sources))


@given(st.text("xy=[](){}'\"\\#;,:- 12", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No line makes the reader fail in another way than its own."""
    try:
        read(text)
    except CellError as error:
        assert "\n" in str(error)


@pytest.mark.parametrize(
    ("text", "expected", "key"),
    [
        ("x=0:5", RangeText("x", (), "0", "5"), "x"),
        ("x=0:5:0.1", RangeText("x", (), "0", "5", "0.1"), "x"),
        ("x[0]=-pi:pi", RangeText("x", (0,), "-pi", "pi"), "x[0]"),
        ("A[0, 1]=0:1", RangeText("A", (0, 1), "0", "1"), "A[0,1]"),
        ("x=a[1:2]:max(1, 2)", RangeText("x", (), "a[1:2]", "max(1, 2)"), "x"),
        ("θ̇[0]=0:1", RangeText("θ̇", (0,), "0", "1"), "θ̇[0]"),
        ("layers[0].w=0:1", RangeText("layers[0].w", (), "0", "1"), "layers[0].w"),
    ],
)
def test_ranges_are_taken_apart(text: str, expected: RangeText, key: str) -> None:
    """A range names an input or one component, and two or three numbers."""
    assert read_range(text) == expected
    assert expected.key == key


@pytest.mark.parametrize("text", ["", "x", "x=", "x=1", "x=1:", "x=1:2:3:4", "0:5", "x[a]=0:1"])
def test_other_ranges_are_refused(text: str) -> None:
    """A range of another form is refused with an example."""
    with pytest.raises(CellError, match=r"expected --range NAME=LO:HI .* write for example"):
        read_range(text)


@pytest.mark.parametrize(
    ("typed", "around"),
    [
        ("x1=3 --of f x2=[1, 2] -p 6", ("%%jacobian", "--of=f -p6")),
        ("x1=3 n=4 --at {'x2': 1} --strict", ("%%jacobian", "n=4 --strict")),
        ("--range 'x1=0 : 5' x2=1 -v 'J'", ("%%jacobian", '--range="x1=0 : 5" -vJ')),
    ],
)
def test_the_line_without_its_point(typed, around):
    """What stands around the inputs' values can be typed again, and means the same."""
    options = {"flags": ["--strict"], "valued": ["--of", "-p", "--at", "--range", "-v"]}
    line = read_line(typed, **options, wants_target=False)
    assert line.without_point(["x1", "x2"]) == around
    again = read_line(f"x1=3 {around[1]}", **options, wants_target=False)
    kept = [option for option in line.options if not option.startswith("--at")]
    assert list(again.options) == kept
