"""The verdict has no unit: a power of 2 on any output or any input changes nothing of it.

Such a factor is exact in floating point as long as nothing overflows or underflows, so torch's
numbers are the same but for the factor, and so must be the verdicts.
"""

from __future__ import annotations

import pytest
import torch
from corpus import CORPUS, Case

import jacmagic
from jacmagic.function.interop import lifted
from jacmagic.function.outputs import flatten

POWERS = (-200, -97, 61, 200)
RANDOM = {"dropout_net"}
SOME = [case for case in CORPUS if case.name not in RANDOM][::17]


def scaled_output(case: Case, power: int):
    """Return the function with its results multiplied, and its point."""

    def function(*tensors):
        leaves = flatten(lifted(case.function)(*tensors)).leaves
        return tuple(leaf * 2.0**power for leaf in leaves)

    return function, case.tensors()


def scaled_input(case: Case, power: int):
    """Return the function with its inputs multiplied inside and divided at its point."""

    def function(*tensors):
        return lifted(case.function)(*(tensor * 2.0**power for tensor in tensors))

    return function, tuple(tensor * 2.0**-power for tensor in case.tensors())


def is_exact(scaled: torch.Tensor, plain: torch.Tensor, power: int) -> bool:
    """Whether only the factor differs: nothing has overflowed or underflowed."""
    large = (scaled.abs() > 1e-280) == (plain != 0)
    return torch.equal(scaled * 2.0**-power, plain) and bool(large.all())


@pytest.mark.parametrize("case", SOME, ids=str)
def test_the_verdict_has_no_unit(case: Case) -> None:
    """Verdict and who stands alone are the same at every scale of outputs and of inputs."""
    plain = jacmagic.jacobian(case.function, case.tensors())
    power = POWERS[SOME.index(case) % len(POWERS)]
    for scale in (scaled_output, scaled_input):
        function, tensors = scale(case, power)
        scaled = jacmagic.jacobian(function, tensors)
        if is_exact(scaled.matrix, plain.matrix, power):
            found, expected = scaled.agreement, plain.agreement
            assert (found.verdict, found.alone) == (expected.verdict, expected.alone), str(found)
