"""Moodle's XML with questions of type STACK, whose answers Maxima judges.

The format is that of STACK 4 (https://docs.stack-assessment.org, "Moodle XML"): a question has
inputs, and for each a potential response tree (PRT). Its first node tests the answer with AlgEquiv;
each further one recognises a mistake and gives feedback that names it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from jacmagic.errors import OptionError
from jacmagic.result.exercise.numbers import MAX_RELATIVE_ROUNDING
from jacmagic.result.exercise.typed import maxima_names, to_maxima
from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.question import CHOICE, NUMBER, STEPS, Question
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.solutions import Mistake, mistakes, named_entry, right_entry, solution
from jacmagic.view.exercise.stack_constants import StackConstants, Test
from jacmagic.view.files import write

STACK_VERSION = "2024072500"
_OPTIONS = {
    "questionsimplify": "1", "assumepositive": "0", "assumereal": "1",
    "decimals": ".", "scientificnotation": "*10", "multiplicationsign": "dot", "sqrtsign": "1",
    "complexno": "i", "inversetrig": "arccos", "logicsymbol": "lang", "matrixparens": "[",
    "variantsselectionseed": "",
}  # fmt: skip
_INPUT = {
    "type": "algebraic", "tans": "", "boxsize": "25", "strictsyntax": "1", "insertstars": "1",
    "syntaxhint": "", "syntaxattribute": "0", "forbidwords": "diff,int,at,ev", "allowwords": "",
    "forbidfloat": "0", "requirelowestterms": "0", "checkanswertype": "1", "mustverify": "1",
    "showvalidation": "1", "options": "",
}  # fmt: skip

# How STACK compares an answer: a formula, or a number that may be rounded.
TESTS = {False: ("AlgEquiv", ""), True: ("NumRelative", str(MAX_RELATIVE_ROUNDING))}

Element = ElementTree.Element


def save_moodle(exercise: QuestionSet, path: str | os.PathLike[str]) -> Path:
    """Write all variants as one question bank; see `GradedQuestions.to_moodle`."""
    if any(question.kind == STEPS for question in exercise.questions):
        raise OptionError(
            "expected an exercise of entries or rules for Moodle; found one of derivations, which "
            'STACK cannot judge; write J.quiz("entries")'
        )
    quiz = ElementTree.Element("quiz")
    category = _added(quiz, "question", type="category")
    name = exercise.jacobian.title.replace("/", "//")
    _texted(category, "category", f"$course$/top/jacmagic/{name}")
    mistakes_by_id: dict[str, list[Mistake]] = {}  # by the question's id, for all variants
    for number, variant in enumerate(exercise.variants, 1):
        choices = [question for question in variant.questions if question.kind == CHOICE]
        for question in choices:
            _choice(quiz, variant, question, number)
        if not choices:
            _Stack(variant, number, mistakes_by_id).add_to(quiz)
    ElementTree.indent(quiz)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return write(path, head + ElementTree.tostring(quiz, encoding="unicode") + "\n")


# ── elements ──────────────────────────────────────────────────────────────────────────────────


def _added(parent: Element, tag: str, text: str | None = None, **attributes: str) -> Element:
    """Append an element with text, which is escaped."""
    element = ElementTree.SubElement(parent, tag, attributes)
    element.text = text
    return element


def _texted(parent: Element, tag: str, text: str, form: str = "") -> None:
    """Append an element whose content is in a <text> element, as Moodle has it."""
    attributes = {"format": form} if form else {}
    _added(_added(parent, tag, **attributes), "text", text)


def _filled(parent: Element, values: Mapping[str, str]) -> None:
    for tag, value in values.items():
        _added(parent, tag, value)


def _name(exercise: QuestionSet, number: int, end: str = "") -> str:
    variant = f", variant {number}" if exercise.options.seeds > 1 else ""
    return f"{exercise.jacobian.notation.noun} of {exercise.jacobian.title}{variant}{end}"


def _task(exercise: QuestionSet) -> str:
    """Return the function and the task as HTML with LaTeX."""
    shown = "".join(
        rf"<p>\[{escape(definition)}\]</p>" for definition in worksheet.definitions(exercise)
    )
    where = f"<p>{escape(worksheet.caption(exercise))}</p>" * exercise.description.at_points
    return f"{shown}{where}<p>{escape(exercise.description.task)}</p>"


# ── questions for entries ─────────────────────────────────────────────────────────────────────


class _Stack:
    """One variant as a question with an input and a tree for each entry."""

    def __init__(
        self, exercise: QuestionSet, number: int, mistakes_by_id: dict[str, list[Mistake]]
    ) -> None:
        self.exercise, self.number = exercise, number
        jacobian = exercise.jacobian
        self.jacobian = jacobian
        constants = worksheet.named_constants(exercise)
        self.labels = [*jacobian.columns, *(label for _, label, _ in constants)]
        self.identifiers = maxima_names(self.labels)
        self.names = dict(zip(jacobian.symbols, self.identifiers, strict=False))
        self.constants = StackConstants.of(constants, self.identifiers[len(self.names) :])
        for question in exercise.questions:
            if question.id not in mistakes_by_id:
                mistakes_by_id[question.id] = mistakes(jacobian, question)
        self.mistakes = mistakes_by_id

    def add_to(self, quiz: Element) -> None:
        question = _added(quiz, "question", type="stack")
        numbered = list(enumerate(self.exercise.questions, 1))
        _texted(question, "name", _name(self.exercise, self.number))
        _texted(question, "questiontext", self._text(), "html")
        _texted(question, "generalfeedback", "", "html")
        _filled(question, {"defaultgrade": str(len(numbered)), "penalty": "0.1", "hidden": "0",
                           "idnumber": ""})  # fmt: skip
        _texted(question, "stackversion", STACK_VERSION)
        _texted(question, "questionvariables", self._variables())
        feedback = "".join(f"<p>[[feedback:prt{k}]]</p>" for k, _ in numbered)
        _texted(question, "specificfeedback", feedback, "html")
        note = ", ".join(question.text for _, question in numbered)
        _texted(question, "questionnote", note, "moodle_auto_format")
        _texted(question, "questiondescription", "", "moodle_auto_format")
        _filled(question, _OPTIONS)
        for k, _ in numbered:
            _filled(_added(question, "input"), {"name": f"ans{k}", **_INPUT, "tans": f"ta{k}"})
        for k, asked in numbered:
            self._tree(question, k, asked)
        for testcase, (answers, notes) in enumerate(self._cases(), 1):
            _test(question, testcase, answers, notes)

    def _text(self) -> str:
        """Return the task with the inputs."""
        rows = "".join(
            rf"<li>\({escape(question.tex)} = \) [[input:ans{k}]] [[validation:ans{k}]]</li>"
            for k, question in enumerate(self.exercise.questions, 1)
        )
        pairs = zip(self.labels, self.identifiers, strict=True)
        typed = ", ".join(
            rf"\({escape(label.tex)}\) as <code>{escape(name)}</code>" for label, name in pairs
        )
        names = f"<p>Type {typed}.</p>" if not self.exercise.description.at_points else ""
        return f"{_task(self.exercise)}{names}<ul>{rows}</ul>"

    def _named(self, question: Question) -> str:
        """Return the entry with the constants by their names; "" where there are none."""
        names = self.constants.names
        entry = named_entry(self.jacobian, question, names) if names else None
        return "" if entry is None else to_maxima(entry, self.names)

    def _entry(self, question: Question) -> str:
        right = solution(self.jacobian, question)  # refuses what cannot be typed
        if question.kind == NUMBER:
            return right
        return self._named(question) or to_maxima(right_entry(self.jacobian, question), self.names)

    def _variables(self) -> str:
        """Return the answers ta1, …, and what they are mistaken for, ma1_1, … after them."""
        lines = self.constants.variables
        for k, question in enumerate(self.exercise.questions, 1):
            lines.append(f"ta{k}: {self._entry(question)};")
            if question.kind == NUMBER and (named := self._named(question)):
                lines.append(f"tn{k}: {named};")
            lines += [
                f"ma{k}_{number}: {to_maxima(wrong.entry, self.names)};"
                for number, wrong in enumerate(self.mistakes[question.id], 1)
            ]
        return "\n".join(lines)

    def _tree(self, question: Element, k: int, asked: Question) -> None:
        tree = _added(question, "prt")
        _filled(tree, {"name": f"prt{k}", "value": "1", "autosimplify": "1", "feedbackstyle": "1"})
        _texted(tree, "feedbackvariables", self._feedback(k, asked))
        tests = self._tests(k, asked)
        for number, (answer, expected, message) in enumerate(tests):
            following = number + 1 if number + 1 < len(tests) else -1
            numeric = asked.kind == NUMBER
            _node(tree, f"prt{k}", number, answer, expected, message, following, numeric)

    def _feedback(self, k: int, question: Question) -> str:
        is_number = question.kind == NUMBER
        right = f"t{'n' if is_number else 'a'}{k}" if self._named(question) else ""
        return self.constants.feedback(k, right, is_number=is_number)

    def _tests(self, k: int, question: Question) -> list[Test]:
        """Return what the nodes of a tree compare."""
        answer, numbered = self.constants.answer(k), enumerate(self.mistakes[question.id], 1)
        wrong = [(answer, f"ma{k}_{n}", mistake.message) for n, mistake in numbered]
        return [*self.constants.tests(k, is_named=bool(self._named(question))), *wrong]

    def _cases(self) -> list[tuple[dict[str, str], dict[str, tuple[str, str]]]]:
        """Return test cases: all answers right, then every mistake alone."""
        count = len(self.exercise.questions)
        right = {f"ans{k}": f"ta{k}" for k in range(1, count + 1)}
        notes = {f"prt{k}": ("1", f"prt{k}-0-T") for k in range(1, count + 1)}
        cases = [(right, notes)]
        for k, question in enumerate(self.exercise.questions, 1):
            for number, (_, wrong, _) in enumerate(self._tests(k, question)):
                if wrong.startswith("m"):
                    answers = {**right, f"ans{k}": wrong}
                    cases.append((answers, {**notes, f"prt{k}": ("0", f"prt{k}-{number}-T")}))
        return cases


def _node(
    tree: Element,
    name: str,
    number: int,
    answer: str,
    expected: str,
    message: str,
    following: int,
    numeric: bool,
) -> None:
    """Append a node: the right answer ends the tree with 1, a known mistake with its feedback."""
    node = _added(tree, "node")
    right = number == 0
    paragraph = f"<p>{escape(message[:1].upper() + message[1:])}.</p>" if message else ""
    _filled(node, {"name": str(number), "description": "", "answertest": TESTS[numeric][0],
                   "sans": answer, "tans": expected, "testoptions": TESTS[numeric][1],
                   "quiet": "1"})  # fmt: skip
    for branch, score, goes, text, note in (
        ("true", "1" if right else "0", -1, paragraph, "T"), ("false", "0", following, "", "F"),
    ):  # fmt: skip
        _filled(node, {f"{branch}scoremode": "=", f"{branch}score": score, f"{branch}penalty": "",
                       f"{branch}nextnode": str(goes),
                       f"{branch}answernote": f"{name}-{number}-{note}"})  # fmt: skip
        _texted(node, f"{branch}feedback", text, "html")


def _test(
    question: Element, number: int, answers: dict[str, str], notes: dict[str, tuple[str, str]]
) -> None:
    """Append a test case, which STACK runs when a teacher asks for it."""
    test = _added(question, "qtest")
    _filled(test, {"testcase": str(number), "description": ""})
    for name, value in answers.items():
        _filled(_added(test, "testinput"), {"name": name, "value": value})
    for name, (score, note) in notes.items():
        penalty = "0" if score == "1" else "0.1"
        _filled(_added(test, "expected"), {"name": name, "expectedscore": score,
                "expectedpenalty": penalty, "expectedanswernote": note})  # fmt: skip


# ── choices ───────────────────────────────────────────────────────────────────────


def _choice(quiz: Element, exercise: QuestionSet, asked: Question, number: int) -> None:
    """Append a question of type multiple choice."""
    assert asked.kind == CHOICE
    question = _added(quiz, "question", type="multichoice")
    _texted(question, "name", _name(exercise, number, f" ({asked.number})"))
    text = rf"{_task(exercise)}<p>\[{escape(asked.tex)}\]</p>"
    _texted(question, "questiontext", text, "html")
    _filled(question, {"defaultgrade": "1", "penalty": "0.3333333", "hidden": "0", "single": "true",
                       "shuffleanswers": "false", "answernumbering": "none"})  # fmt: skip
    for choice in asked.choices:
        fraction = "100" if choice == asked.answer else "0"
        answer = _added(question, "answer", fraction=fraction, format="html")
        _added(answer, "text", escape(choice))
        _texted(answer, "feedback", "", "html")
