"""Linear maps with constant coefficients: transforms, averages, interpolation.

NOTE [Linear maps are read off]: the operation itself, run on the unit vectors, gives its matrix;
the expressions are combined with it. One rule serves Fourier transforms, average pooling and every
kind of interpolation, and no convention of theirs is repeated here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch

from jacmagic.function.aten.unsupported import Unsupported
from jacmagic.symbolic.graph import Graph
from jacmagic.symbolic.trace.rules import ComplexNodes

LINEAR: dict[str, str] = {
    **dict.fromkeys(
        "_fft_r2c _fft_c2c _fft_c2r avg_pool2d avg_pool3d _adaptive_avg_pool2d "
        "_adaptive_avg_pool3d col2im upsample_linear1d upsample_bilinear2d upsample_bicubic2d "
        "upsample_trilinear3d".split(),
        "self",
    ),
    "grid_sampler_2d": "input",
    **dict.fromkeys(  # linear in the gradient; of the input only the shape counts
        "avg_pool2d_backward avg_pool3d_backward _adaptive_avg_pool2d_backward "
        "_adaptive_avg_pool3d_backward replication_pad1d_backward replication_pad2d_backward "
        "replication_pad3d_backward max_pool2d_with_indices_backward "
        "max_pool3d_with_indices_backward adaptive_max_pool2d_backward "
        "adaptive_max_pool3d_backward".split(),
        "grad_output",
    ),
}
_MAX_NUMBERS = 512  # of the data: each takes a run, and a coefficient in every output


def _unit_vectors(data: torch.Tensor) -> list[torch.Tensor]:
    """e₁ … eₙ in the data's shape, then i·e₁ … i·eₙ if it is complex."""
    dtype = torch.complex128 if data.is_complex() else torch.float64
    unit = torch.eye(data.numel(), dtype=dtype).reshape(-1, *data.shape)
    return [*unit, *(1j * unit)] if data.is_complex() else list(unit)


def _parts(values: torch.Tensor) -> np.ndarray:
    """Return a result as a flat real array, imaginary parts after the real ones."""
    parts = (values.real, values.imag) if values.is_complex() else (values,)
    return np.concatenate([part.reshape(-1).numpy() for part in parts])


def _tidy(value: float) -> float | Fraction:
    """Return a coefficient without the rounding of the algorithm that computed it."""
    simple = Fraction(value).limit_denominator(64)
    return simple if abs(float(simple) - value) < 1e-15 else value


def _combined(g: Graph, coefficients: np.ndarray, nodes: Sequence[int]) -> int:
    """Σ cᵢ uᵢ; a common coefficient is written once."""
    terms = [(_tidy(c), u) for c, u in zip(coefficients.tolist(), nodes, strict=True)]
    terms = [(c, u) for c, u in terms if c]
    if len(terms) > 1 and len({c for c, _ in terms}) == 1:
        common = Fraction(terms[0][0])
        total = g.total(u for _, u in terms)
        if common.numerator == 1:
            return g.div(total, g.number(common.denominator))
        return g.mul(g.number(terms[0][0]), total)
    return g.total(g.mul(g.number(c), u) for c, u in terms)


def combine(
    g: Graph, nodes: Any, data: torch.Tensor, run: Callable[[torch.Tensor], torch.Tensor]
) -> Any:
    """Return the nodes of a linear operation's result.

    Args:
        g: the graph.
        nodes: the nodes of its data, an array or a `ComplexNodes`.
        data: the data themselves.
        run: the operation as a function of its data alone.
    """
    if data.numel() > _MAX_NUMBERS:
        raise Unsupported(
            "a linear map", f"of more than {_MAX_NUMBERS} numbers is too long to read"
        )
    parts = (nodes.re, nodes.im) if isinstance(nodes, ComplexNodes) else (nodes,)
    flat = np.concatenate([part.reshape(-1) for part in parts]).tolist()
    results = [run(unit) for unit in _unit_vectors(data)]
    if not results:
        return np.zeros(tuple(run(data).shape), dtype=np.int64)
    shape, is_complex = tuple(results[0].shape), results[0].is_complex()
    matrix = np.stack([_parts(result) for result in results], axis=-1)
    combined = np.array([_combined(g, row, flat) for row in matrix], dtype=np.int64)
    if not is_complex:
        return combined.reshape(shape)
    half = len(combined) // 2
    return ComplexNodes(combined[:half].reshape(shape), combined[half:].reshape(shape))


def widened(value: Any) -> Any:
    """Other arguments of a linear map in the precision of its unit vectors."""
    floating = isinstance(value, torch.Tensor) and value.is_floating_point()
    return value.detach().cpu().double() if floating else value
