"""Source that makes an exercise again: the function from its closed form, the point, the quiz."""

from __future__ import annotations

from keyword import iskeyword
from typing import Any

import sympy

from jacmagic.errors import JacmagicError, OptionError
from jacmagic.symbolic.formula.sympy_names import NamedNumber
from jacmagic.view.exercise.question import CHOICE
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.solutions import solution


def exercise_source(exercise: QuestionSet) -> str:
    """Return Python that binds the name `exercise` to the same questions; it holds no answer.

    Raises:
        OptionError: the function cannot be written with the functions of `math`.
    """
    name = _identifier(exercise.jacobian.title, "f")
    options = exercise.options
    is_choice = any(question.kind == CHOICE for question in exercise.questions)
    count = options.entries if is_choice else len(exercise.questions)
    quiz = f'J.quiz("{options.kind}", entries={count}, seeds={options.seeds}, seed={options.seed})'
    source = "\n".join(
        [
            "import math",
            "",
            "import jacmagic",
            "import torch",
            "",
            "",
            *_function(exercise, name),
            "",
            "",
            f"J = jacmagic.jacobian({name}, ({_point(exercise)},))",
            f"exercise = {quiz}",
        ]
    )
    _check(exercise, source)
    return source


def _function(exercise: QuestionSet, name: str) -> list[str]:
    """Return the definition of the function, written from its closed form."""
    jacobian = exercise.jacobian
    spelled = {
        symbol: sympy.Symbol(label.text)
        for symbol, label in zip(jacobian.symbols, jacobian.columns, strict=True)
    }
    values = [
        sympy.pycode(output.xreplace(spelled), fully_qualified_modules=True)
        for output in _outputs(exercise)
    ]
    arguments = ", ".join(
        [input_.name for input_ in jacobian.problem.inputs] + _constants(exercise)
    )
    if len(values) == 1:
        return [f"def {name}({arguments}):", f"    return {values[0]}"]
    lines = [f"        {value}," for value in values]
    return [f"def {name}({arguments}):", "    return (", *lines, "    )"]


def _outputs(exercise: QuestionSet) -> list[Any]:
    """Return the function's outputs, with the names of its constants where they are identifiers."""
    jacobian = exercise.jacobian
    plain: Any = jacobian.expressions
    names = {symbol: sympy.Symbol(name) for symbol, name, _ in _named(exercise)}
    named = [exercise.reading.output(i).xreplace(names) for i in range(len(plain))]
    taken_symbols = {*jacobian.symbols, *names.values()}
    return [
        other if one.free_symbols - taken_symbols or one.has(NamedNumber) else one
        for one, other in zip(named, plain, strict=True)
    ]


def _constants(exercise: QuestionSet) -> list[str]:
    """Return the named constants as arguments, so that answers may have their names."""
    used = set().union(*(output.free_symbols for output in _outputs(exercise)))
    return [
        f"{name}={value!r}" for _, name, value in _named(exercise) if sympy.Symbol(name) in used
    ]


def _named(exercise: QuestionSet) -> list[tuple[Any, str, float]]:
    """Return the symbol, name and value of each constant whose name is an identifier."""
    return [
        (symbol, constant.label.text, constant.value)
        for symbol, constant in exercise.reading.constants
        if _identifier(constant.label.text, "")
    ]


def _point(exercise: QuestionSet) -> str:
    return ", ".join(
        f"torch.tensor({input_.value.tolist()!r}, dtype=torch.float64)"
        for input_ in exercise.jacobian.problem.inputs
    )


def _identifier(text: str, other: str) -> str:
    return text if text.isidentifier() and not iskeyword(text) else other


def _check(exercise: QuestionSet, source: str) -> None:
    """Refuse source that does not make the same questions with the same answers."""
    space: dict[str, Any] = {}
    try:
        exec(source, space)  # written above, from a closed form
        again = space["exercise"]
        answers = {
            question.id: solution(exercise.jacobian, question) for question in exercise.questions
        }
        same = all(again.judge(identity, answer) for identity, answer in answers.items())
    except (SyntaxError, NameError, AttributeError, TypeError, JacmagicError):
        same = False
    if not same:
        raise OptionError(
            "expected an exercise that its exported code reproduces; found other "
            f"questions for {exercise.jacobian.title}; export it as a worksheet, or for Moodle"
        )
