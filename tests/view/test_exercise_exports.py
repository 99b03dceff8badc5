"""Scores of exercises, and exercises as worksheets, Moodle questions and notebooks."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
import torch

import jacmagic
from jacmagic.errors import OptionError, PageError
from jacmagic.view.exercise.solutions import mistakes, solution

KINDS = ("entries", "steps", "rules")


def f(x, y):
    return x**2 * torch.sin(y), torch.exp(x * y) / y, (x**2 + y) ** 3


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.fixture(scope="module")
def jacobian() -> Any:
    return jacmagic.jacobian(f, (number(1.3), number(0.7)))


def answers(exercise: Any) -> dict[str, str]:
    """Return the right answers."""
    return {one.id: solution(exercise.jacobian, one) for one in exercise.questions}


# ── scores ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", KINDS)
def test_right_answers_get_all_points_and_missing_ones_none(jacobian: Any, kind: str) -> None:
    """A score counts right answers; it is pickled, and shows itself."""
    exercise = jacobian.quiz(kind)
    right = answers(exercise)
    score = exercise.check(right)
    assert (score.right, float(score)) == (score.total, 1.0)
    assert pickle.loads(pickle.dumps(score)) == score
    first = exercise.questions[0]
    alone = exercise.check({first.id: right[first.id]})
    assert alone.right == 1 and float(alone) == 1 / alone.total
    assert alone[first.id] and "no answer" in repr(alone)
    assert "<table>" in alone.to_html() and r"\begin{array}" in alone.to_latex()


def test_a_score_names_the_mistakes(jacobian: Any) -> None:
    """The mistakes stand below the table, with the line of a derivation."""
    score = jacobian.quiz().check({"entry-2-0": "3(x^2+y)^2", "entry-0-0": "2*("})
    assert "(5) the inner derivative of (x² + y)³ is missing" in repr(score)
    assert score["entry-0-0"].verdict == "not readable"
    steps = jacobian.quiz("steps").check({"steps-0-0": "d/dx(x²sin y)\n2x cos y"})
    assert "line 2: cos(y) where sin(y) is right" in repr(steps)


def test_unknown_questions_and_rules_are_refused(jacobian: Any) -> None:
    """An id of no question is an error; a rule that is not a choice cannot be read."""
    with pytest.raises(OptionError, match="found 'entry-9-9'"):
        jacobian.quiz().check({"entry-9-9": "0"})
    rules = jacobian.quiz("rules")
    assert rules.judge("rule-0-0-0", "Constant factor rule")
    assert rules.judge("rule-0-0-0", "power").kind == "rule"
    assert rules.judge("rule-0-0-0", "magic").verdict == "not readable"
    with pytest.raises(OptionError, match="found one for a rule"):
        rules.hint("rule-0-0-0")
    assert jacobian.quiz().hint("entry-2-0").rule == "chain rule, power"


# ── worksheets ────────────────────────────────────────────────────────────────────────────────


def test_a_worksheet_has_blanks_and_its_key_the_solutions(jacobian: Any, tmp_path: Path) -> None:
    """Each variant has a sheet with name and date; solutions are in the other file alone."""
    exercise = jacobian.quiz(seeds=3)
    page = exercise.save_worksheet(tmp_path / "sheet.html", key=tmp_path / "key.html")
    sheet, key = page.read_text(), (tmp_path / "key.html").read_text()
    assert sheet.count("Name:") == sheet.count("Date:") == key.count("<section") == 3
    assert "<script" not in sheet and 'class="line"' in sheet
    cosine = re.compile(r"cos")
    assert cosine.search(key) and not cosine.search(sheet)
    with pytest.raises(PageError, match="write the name of a file"):
        exercise.save_worksheet(tmp_path / "none" / "sheet.html")


# ── Moodle ────────────────────────────────────────────────────────────────────────────────────

# Elements of STACK's questions and of their parts, in the order of STACK's own exports.
QUESTION = (
    "name questiontext generalfeedback defaultgrade penalty hidden idnumber stackversion "
    "questionvariables specificfeedback questionnote questiondescription questionsimplify "
    "assumepositive assumereal decimals scientificnotation multiplicationsign sqrtsign complexno "
    "inversetrig logicsymbol matrixparens variantsselectionseed input prt qtest"
).split()
INPUT = (
    "name type tans boxsize strictsyntax insertstars syntaxhint syntaxattribute forbidwords "
    "allowwords forbidfloat requirelowestterms checkanswertype mustverify showvalidation options"
).split()
NODE = "name description answertest sans tans testoptions quiet".split() + [
    f"{branch}{part}"
    for branch in ("true", "false")
    for part in ("scoremode", "score", "penalty", "nextnode", "answernote", "feedback")
]


def tags(element: Any) -> list[str]:
    """Return the children's tags, each once."""
    return list(dict.fromkeys(child.tag for child in element))


def test_moodle_questions_have_the_structure_of_stack(jacobian: Any, tmp_path: Path) -> None:
    """Inputs, and trees whose nodes test the answer and the named mistakes with AlgEquiv."""
    path = jacobian.quiz().to_moodle(tmp_path / "bank.xml")
    category, question = ElementTree.parse(path).getroot()
    assert category.get("type") == "category" and question.get("type") == "stack"
    assert tags(question) == QUESTION
    assert {tuple(tags(one)) for one in question.findall("input")} == {tuple(INPUT)}
    assert {tuple(tags(one)) for one in question.iter("node")} == {tuple(NODE)}
    text = question.findtext("questiontext/text") or ""
    trees = question.findall("prt")
    assert len(trees) == len(question.findall("input")) == 6
    for k, tree in enumerate(trees, 1):
        assert f"[[input:ans{k}]] [[validation:ans{k}]]" in text
        nodes = tree.findall("node")
        assert [one.findtext("falsenextnode") for one in nodes] == [
            *map(str, range(1, len(nodes))), "-1",
        ]  # fmt: skip
        assert [one.findtext("truescore") for one in nodes] == ["1", *["0"] * (len(nodes) - 1)]
        assert {one.findtext("answertest") for one in nodes} == {"AlgEquiv"}
    variables = question.findtext("questionvariables/text") or ""
    assert "ta1: 2*x*sin(y);" in variables and "ta5: 6*x*(y + x^2)^2;" in variables
    said = " ".join(one.findtext("truefeedback/text") or "" for one in question.iter("node"))
    assert "The inner derivative of (x² + y)³ is missing" in said


def test_feedback_belongs_to_wrong_answers_only(jacobian: Any) -> None:
    """Every mistake of an export is judged wrong, with the message that it gives."""
    exercise = jacobian.quiz()
    for one in exercise.questions:
        found = mistakes(jacobian, one)
        assert len(found) >= 4
        for mistake in found:
            said = exercise.judge(one.id, mistake.answer)
            assert (said.verdict, said.message) == ("wrong", mistake.message)


def test_moodle_gets_a_question_for_each_variant_and_each_rule(
    jacobian: Any, tmp_path: Path
) -> None:
    """Variants are questions of one bank; rules are multiple choice; derivations are refused."""
    bank = ElementTree.parse(jacobian.quiz(seeds=12).to_moodle(tmp_path / "bank.xml")).getroot()
    names = [one.findtext("name/text") for one in bank.findall("question[@type='stack']")]
    assert names == [f"Jacobian of f, variant {k}" for k in range(1, 13)]
    rules = jacobian.quiz("rules")
    chosen = ElementTree.parse(rules.to_moodle(tmp_path / "rules.xml")).getroot()
    for one, asked in zip(chosen.findall("question")[1:], rules.questions, strict=True):
        right = [a.findtext("text") for a in one.findall("answer") if a.get("fraction") == "100"]
        assert right == [asked.answer]
    with pytest.raises(OptionError, match="STACK cannot judge"):
        jacobian.quiz("steps").to_moodle(tmp_path / "steps.xml")


def test_names_that_maxima_keeps_are_others(tmp_path: Path) -> None:
    """Reserved names and components get identifiers; numbers of named constants are put in."""
    gravity = 9.81

    def g(e, x, k=gravity):
        return e**2 * x[0] * k + x[1]

    inputs = (number(2.0), torch.tensor([1.0, 3.0], dtype=torch.float64))
    path = jacmagic.jacobian(g, inputs).quiz().to_moodle(tmp_path / "bank.xml")
    question = ElementTree.parse(path).getroot()[1]
    variables = question.findtext("questionvariables/text") or ""
    assert "kv: [k=981/100];" in variables and "ta1: 2*e1*k*x_0;" in variables


# ── notebooks ─────────────────────────────────────────────────────────────────────────────────


def student(notebook: Any) -> Any:
    """Return the notebook without solutions, as nbgrader and Otter Assign leave them out."""
    for cell in notebook.cells:
        cell.source = re.sub(r"#+ BEGIN SOLUTION.*?END SOLUTION", "", cell.source, flags=re.S)
    return notebook


def run(notebook: Any, is_answer: Callable[[Any], bool], text: str | None = None) -> list[str]:
    """Run all code cells; return the messages of failed tests."""
    space: dict[str, Any] = {}
    failed = []
    for cell in notebook.cells:
        source = cell.source
        if cell.cell_type == "code":
            if is_answer(cell) and text is not None:
                source = f"{source.split(' = ')[0]} = {text!r}"
            try:
                exec(source, space)
            except AssertionError as error:
                failed.append(str(error))
    return failed


def is_answer(cell: Any) -> bool:
    """Whether a cell is filled in by students."""
    return cell.source.startswith("answer_")


@pytest.mark.parametrize("kind", KINDS)
def test_nbgrader_notebooks_grade_right_and_wrong_answers(
    jacobian: Any, kind: str, tmp_path: Path
) -> None:
    """Solutions pass all tests; without them each test fails with the judgement."""
    exercise = jacobian.quiz(kind)
    (path,) = exercise.to_nbgrader(tmp_path / "quiz.ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    roles = [cell.metadata["nbgrader"] for cell in notebook.cells]
    assert len({one["grade_id"] for one in roles}) == len(roles)
    assert {one["schema_version"] for one in roles} == {3}
    graded = [one for one in roles if one["grade"]]
    assert len(graded) == len(exercise.questions)
    assert all(one["locked"] and one["points"] == 1 for one in graded)
    assert run(notebook, is_answer) == []
    wrong = run(student(notebook), is_answer, "1 + 1/(x - x)" if kind != "rules" else "chain")
    assert len(wrong) == len(exercise.questions)


def test_students_notebooks_hold_no_answer(jacobian: Any, tmp_path: Path) -> None:
    """Tests judge by the function; what is left of the notebook contains no solution."""
    exercise = jacobian.quiz()
    for (path,) in (
        exercise.to_nbgrader(tmp_path / "a.ipynb"), exercise.to_otter(tmp_path / "b.ipynb"),
    ):  # fmt: skip
        left = student(nbformat.read(path, as_version=4))
        text = "\n".join(cell.source for cell in left.cells)
        assert all(
            answer not in text for answer in answers(exercise).values() if "exp" not in answer
        )
        assert "cos" not in text


def test_otter_notebooks_have_the_cells_of_otter_assign(jacobian: Any, tmp_path: Path) -> None:
    """Raw cells delimit questions, solutions and tests; solutions pass."""
    exercise = jacobian.quiz()
    (path,) = exercise.to_otter(tmp_path / "quiz.ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    raw = [cell.source.split("\n")[0] for cell in notebook.cells if cell.cell_type == "raw"]
    each = ["# BEGIN QUESTION", "# BEGIN SOLUTION", "# END SOLUTION", "# BEGIN TESTS",
            "# END TESTS", "# END QUESTION"]  # fmt: skip
    assert raw == ["# ASSIGNMENT CONFIG", *each * len(exercise.questions)]
    assert run(notebook, is_answer) == []


def test_variants_are_notebooks_of_their_own(jacobian: Any, tmp_path: Path) -> None:
    """Files are numbered; blanks differ."""
    paths = jacobian.quiz(seeds=12).to_nbgrader(tmp_path / "quiz.ipynb")
    assert [path.name for path in paths[:2]] == ["quiz-01.ipynb", "quiz-02.ipynb"]
    assert len({path.read_text() for path in paths}) > 4


def test_matrix_inputs_are_exported(tmp_path: Path) -> None:
    """A notebook defines the function by components of its inputs."""
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    x = torch.tensor([0.5, 0.3], dtype=torch.float64)
    exercise = jacmagic.jacobian(lambda A, x: torch.tanh(A @ x), (a, x)).quiz(entries=3)
    (path,) = exercise.to_nbgrader(tmp_path / "quiz.ipynb")
    assert run(nbformat.read(path, as_version=4), is_answer) == []
