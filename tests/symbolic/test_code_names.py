"""Every function of the corpus, exported under hostile names, runs in its language and is right."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache
from random import Random

import numpy as np
import pytest
from code_runners import RUNNERS, Call
from corpus import CORPUS
from test_corpus import attempt, numbers_of, reference

from jacmagic.errors import OptionError
from jacmagic.function.precision import Dtype
from jacmagic.labels import Label
from jacmagic.symbolic.codegen.languages import LANGUAGES
from jacmagic.symbolic.codegen.scope import Scope
from jacmagic.symbolic.economy import Program
from jacmagic.symbolic.export import Export
from jacmagic.symbolic.formula.closed import ClosedForm
from jacmagic.symbolic.graph import differentiate, write_tape
from jacmagic.symbolic.graph.bounds import bounds

DOUBLE = Dtype("float64", 2.0**-53, 2.0**-1022, 1.7976931348623157e308)
HOSTILE = """
t1 t2 t3 J J_ J_2 math torch numpy np self cls arguments eval exec NaN nan inf Infinity INFINITY NAN
undefined double float int long char void const let var new function typeof async await yield static
default lambda lambda_ def class return import from None True False not is in and or global print
fn mut ref crate Some Ok f64 template typename namespace std Real count point zero batch dtype
sin cos exp log sqrt pow fabs fmax floor abs max min sum main printf errno linux unix I M_PI
HUGE_VAL Math window document Array Object constructor __proto__ __debug__ __class__ _
__x _Bool a0 void_ x θ̇ x̂ v⃗ θ Θ λ ſin ﬁ x₁ x1 变量 ж é ñ π ∂x β_1 Ωm ℏ 𝐱
layer.weight x[0] a-b 2nd two\u00a0words x' */ // ; " \\ </script>
""".split()
KNOWN = [case for case in CORPUS if not case.refuses]
SIZES = [len(case.point) for case in KNOWN]
STARTS = [0, *itertools.accumulate(SIZES)]


@cache
def exported(index: int) -> ClosedForm:
    """Return the closed form of a case."""
    found = attempt(KNOWN[index])
    rows = differentiate(found.graph, found.outputs, found.inputs)
    columns = tuple(Label(f"v{k}") for k in range(len(found.inputs)))
    return ClosedForm(found, columns, tuple(rows))


def names_for(index: int, shift: int) -> list[str]:
    """Hostile names for the inputs of a case: the next ones of the list, round and round."""
    return [HOSTILE[(STARTS[index] + shift + k) % len(HOSTILE)] for k in range(SIZES[index])]


@cache
def program_of(index: int) -> Program:
    """Return the program of a case, which all languages are written from."""
    return export(index, 0, shared=False).program


def export(index: int, shift: int, *, shared: bool = True) -> Export:
    """Return what is written for a case, with names in another order for each shift."""
    case, form = KNOWN[index], exported(index)
    shapes = [tuple(tensor.shape) for tensor in case.tensors()]
    inputs = list(zip(names_for(index, shift), shapes, strict=True))
    rows = [Label(HOSTILE[(index + k) % len(HOSTILE)]) for k in range(form.shape[0])]
    made = Export(form, f"both_{index}", HOSTILE[index % len(HOSTILE)], "Jacobian", inputs, rows)
    if shared:
        vars(made)["program"] = program_of(index)
    return made


def calls(language: str, indices: Sequence[int]) -> dict[int, Call]:
    """By index the source of every case that a language has the functions for."""
    shift, written = 37 * list(LANGUAGES).index(language), {}
    for index in indices:
        made = export(index, shift)
        if language in made.languages():
            m, n = made.form.shape
            point = KNOWN[index].tensors()
            written[index] = Call(made.name, made.source(language), point, m, m * n)
        else:
            with pytest.raises(OptionError, match=f"{re.escape(language)} has no function for"):
                made.source(language)
    return written


@cache
def tolerances(index: int) -> np.ndarray:
    """Rounding-error bounds of the written program and of the traced form together."""
    program, total = program_of(index), np.zeros(1)
    for tape in (exported(index).tape, write_tape(program.graph, program.roots, program.variables)):
        _, errors = bounds(tape, numbers_of(KNOWN[index].tensors()), DOUBLE)
        total = total + np.array([errors[slot] for slot in tape.outputs])
    return total


@cache
def truth_of(index: int) -> np.ndarray:
    """Return torch's value and Jacobian."""
    value, matrix = reference(KNOWN[index], KNOWN[index].tensors())
    return np.concatenate([value.detach().numpy(), matrix.numpy().reshape(-1)])


def assert_right(found: dict[int, list[float]]) -> None:
    """Every value and matrix is torch's, within bounds on the rounding errors of both."""
    wrong = []
    for index, listed in found.items():
        numbers, truth = np.array(listed), truth_of(index)
        # LAPACK's own results differ by some units in the last place of the largest entry
        lapack = 16 * DOUBLE.unit * np.abs(truth[np.isfinite(truth)]).max(initial=0)
        close = np.abs(numbers - truth) <= tolerances(index) + lapack
        if not (close | (numbers == truth) | np.isnan(truth)).all():
            wrong.append(
                (KNOWN[index].name, np.abs(numbers - truth).max(), tolerances(index).max())
            )
    assert wrong == []


def test_the_names_are_many_and_each_is_used():
    """At least 60 names, keywords of all languages among them; every one is an input's."""
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60
    assert sum(SIZES) > len(HOSTILE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_distinct_names_stay_distinct(language):
    """All hostile names at once are as many identifiers, none of them reserved."""
    words = LANGUAGES[language]
    names = Scope(words.reserved, ascii_only=words.ascii_only).names(HOSTILE)
    assert len(set(names)) == len(names)
    assert not set(names) & words.reserved
    assert all(name.isidentifier() for name in names)
    free = dict(zip(HOSTILE, names, strict=True))
    assert (free["x"], free["x1"], free["t1"]) == ("x", "x1", "t1")


def test_names_in_ascii_are_spelt():
    """In C a Greek letter and an accent are written by their names."""
    scope = Scope(LANGUAGES["c"].reserved, ascii_only=True)
    assert scope.names(["θ̇", "Θ", "double", "_x"]) == ["theta_dot", "Theta", "double_", "v_x"]


# Special functions that a language lacks are refused by name.
SHARE = {"c": 0.95, "c++": 0.95, "cuda": 0.95, "rust": 0.9, "javascript": 0.9, "python": 0.95}


@pytest.mark.parametrize("language", ["python", "numpy", "torch", "c", "javascript"])
def test_every_function_runs(language, tmp_path):
    """Value and Jacobian of every function, under hostile names, are torch's."""
    written = calls(language, range(len(KNOWN)))
    assert len(written) >= SHARE.get(language, 1) * len(KNOWN)
    numbers = RUNNERS[language](list(written.values()), tmp_path)
    assert_right(dict(zip(written, numbers, strict=True)))


@pytest.mark.parametrize("language", ["c++", "cuda", "rust"])
def test_a_sample_runs(language, tmp_path):
    """All functions are written, and a random quarter of them is compiled and run."""
    chosen = Random(language).sample(range(len(KNOWN)), len(KNOWN) // 4)
    written = calls(language, range(len(KNOWN)))
    assert len(written) >= SHARE[language] * len(KNOWN)
    sample = {index: written[index] for index in sorted(chosen) if index in written}
    numbers = RUNNERS[language](list(sample.values()), tmp_path)
    assert_right(dict(zip(sample, numbers, strict=True)))
