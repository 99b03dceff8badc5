"""Every rule at ties, kinks and ends of intervals: values and slopes are those of plain torch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from rule_samples import SAMPLES, Sample
from test_rules import evaluated, holds_at, inputs_of, jacobian_of, numbers_of, outputs_of

import jacmagic
from jacmagic.symbolic.trace import Refusal, trace

F64 = torch.float64
ALL_EQUAL = (-3.0, -1.0, -0.3, 0.0, 0.3, 0.5, 1.0, 3.0)
PAIRS = ((0.0, 1.0), (0.0, 0.5), (-1.0, 1.0), (-0.5, 0.5), (1.0, 2.0), (-3.0, 3.0))

# Where the textbook's slope is 0/0 and torch puts a number of its own.
UNDEFINED = {
    "RULES-linalg_vector_norm", "-std", "-std_mean", "-dist", "RULES-atan2",
    "RULES-_cdist_forward", "RULES-_pdist_forward", "COMPLEX-abs", "COMPLEX-_to_copy",
    "COMPLEX-angle", "COMPLEX-linalg_vector_norm", "COMPLEX-linalg_inv_ex", "RULES-pow",
    "SELECTIONS-_linalg_eigh", "SELECTIONS-_linalg_svd",
}  # fmt: skip
# Where torch's plain backward is wrong: the radius of polar below 0, determinants of rank n − 1.
TORCH_IS_WRONG = {"-polar", "SELECTIONS-_linalg_det", "COMPLEX-_linalg_det"}
# What refuses where its slope is infinite, undefined or torch's own choice.
REFUSING = {
    "SELECTIONS-linalg_eig", "SELECTIONS-linalg_qr", "RULES-linalg_pinv",
    "RULES-linalg_lstsq", "SELECTIONS-linalg_matrix_exp", "SELECTIONS-special_entr",
    "RULES-binary_cross_entropy", "SELECTIONS-xlogy", "SELECTIONS-special_xlog1py",
    "SELECTIONS-linalg_polar",
}  # fmt: skip


def points_of(sample: Sample) -> Iterator[list[torch.Tensor]]:
    """Tensors of one number, and of two numbers at random indices."""
    shapes = sample.shapes[0]
    for number in ALL_EQUAL:
        yield [torch.full(shape, number, dtype=F64) for shape in shapes]
    for seed, pair in enumerate(PAIRS):
        generator = torch.Generator().manual_seed(seed)
        yield [
            torch.tensor(pair, dtype=F64)[torch.randint(0, 2, shape, generator=generator)]
            for shape in shapes
        ]


@pytest.mark.filterwarnings("ignore")  # torch's remarks on operations in beta
@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.slope == "torch"], ids=str)
def test_a_rule_has_torchs_slope_at_ties_and_breakpoints(sample: Sample) -> None:
    """Wherever torch's numbers are finite, those of the expressions are the same."""
    for tensors in points_of(sample):
        try:
            expected, slopes = outputs_of(sample.function, tensors), jacobian_of(sample, tensors)
        except (RuntimeError, IndexError):  # outside of the function's domain
            continue
        if expected.is_complex() or not expected.isfinite().all():
            continue
        found = trace(sample.function, tensors, [f"v{k}" for k in range(len(numbers_of(tensors)))])
        if isinstance(found, Refusal):
            assert str(sample) in REFUSING, str(found)
            continue
        assert (
            holds_at(found, tensors) or str(sample) == "SELECTIONS-linalg_qr"
        )  # a sign by rounding
        values, matrix = evaluated(found, tensors)
        torch.testing.assert_close(values, expected.double(), rtol=1e-8, atol=1e-9)
        known = slopes.isfinite()
        if str(sample) in UNDEFINED:
            known &= ~matrix.isnan()
        if str(sample) not in TORCH_IS_WRONG:
            torch.testing.assert_close(matrix[known], slopes[known], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("low", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("high", [0.0, 1.0, 2.0])
def test_clamp_between_tensors_has_torchs_slopes_at_every_tie(low: float, high: float) -> None:
    """Ties with one bound, with both, and bounds in the wrong order, as the release has them."""
    at = tuple(torch.tensor(value, dtype=F64) for value in (1.0, low, high))
    J = jacmagic.jacobian(torch.clamp, at)
    assert J.closed_form is not None
    assert J.closed_form.values([1.0, low, high]).tolist() == J.matrix.tolist()


@pytest.mark.parametrize(
    "name", ["sort", "topk", "median", "median.dim", "kthvalue", "nanmedian", "argmax", "max.dim"]
)
@pytest.mark.parametrize("seed", range(4))
def test_conditions_recorded_at_a_tie_are_enough(name: str, seed: int) -> None:
    """Elsewhere a form traced at a tie either does not hold, or is right."""
    sample = next(s for s in SAMPLES if str(s) == f"SELECTIONS-{name}")
    shapes = ((3, 5),)
    generator = torch.Generator().manual_seed(seed)
    tied = [torch.randint(0, 3, shapes[0], generator=generator).double()]
    found = trace(sample.function, tied, [f"v{k}" for k in range(15)])
    assert holds_at(found, tied)
    holding = 0
    for other in range(200):
        moved = [tied[0] + 0.4 * inputs_of(sample, shapes, seed=other)[0] * (other % 4 / 4)]
        if holds_at(found, moved):
            holding += 1
            values, _ = evaluated(found, moved)
            torch.testing.assert_close(values, outputs_of(sample.function, moved))
    assert holding


@pytest.mark.parametrize(
    ("function", "start", "point"),
    [
        (lambda x: torch.linalg.vector_norm(x), [1.0, 2.0], [0.0, 0.0]),
        (lambda x: x.std(), [1.0, 2.0], [3.0, 3.0]),
        (lambda x: torch.atan2(x[0], x[1]), [1.0, 2.0], [0.0, 0.0]),
        (lambda x: torch.special.xlogy(x[0], x[1]), [1.0, 2.0], [0.0, 0.5]),
        (lambda x: torch.special.erfcx(x), [1.0, 2.0], [27.0, 30.0]),
        (lambda x: torch.special.log_ndtr(x), [1.0, -2.0], [-40.0, -100.0]),
        (lambda x: x[0] * torch.exp(x[1]), [1.0, 2.0], [0.0, 800.0]),
        (
            lambda x: torch.nn.functional.binary_cross_entropy_with_logits(x, 0 * x),
            [1.0, 2.0],
            [259.0, 800.0],
        ),
        (lambda x: torch.cosine_similarity(x[:1], x[1:], 0), [1.0, 2.0], [0.0, 0.0]),
    ],
)
def test_the_evaluator_has_torchs_number_wherever_that_is_finite(
    function, start: list[float], point: list[float]
) -> None:
    """Where the form is 0·∞ or 0/0, the evaluator answers as torch does, alone and in a batch."""
    evaluate = jacmagic.jacobian(function, torch.tensor(start, dtype=F64)).evaluator()
    x = torch.tensor(point, dtype=F64)
    expected = torch.autograd.functional.jacobian(function, x).reshape(-1, 2)
    torch.testing.assert_close(torch.from_numpy(evaluate(*point)), expected, equal_nan=True)
    batch = torch.from_numpy(evaluate.batch([start, point, start]))
    torch.testing.assert_close(batch[1], expected, equal_nan=True)
