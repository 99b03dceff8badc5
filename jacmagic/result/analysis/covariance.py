"""Standard deviations and covariances as users give them, as one covariance matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jacmagic.errors import OptionError
from jacmagic.labels import Label


def covariance_of(
    covariance: Any, labels: Sequence[Label], groups: Mapping[str, slice], *, missing: float | None
) -> np.ndarray:
    """Return a covariance matrix (n, n).

    Args:
        covariance: a number, the standard deviation of all components; n standard deviations; a
            covariance matrix (n, n); or a dict. Its keys are names of tensors or of components; its
            values are standard deviations, or for a tensor of k components a covariance (k, k).
            A key of two names has the covariance of the one by the other.
        labels: the n components.
        groups: the positions of each tensor's components.
        missing: the standard deviation of what a dict does not name; None refuses it.

    Raises:
        OptionError: a name is unknown, a shape does not fit, or the matrix is not a covariance.
    """
    n = len(labels)
    if isinstance(covariance, Mapping):
        matrix = _from_names(covariance, labels, groups, missing)
    else:
        array = _array(covariance, "standard deviations")
        if array.ndim == 2 and array.shape == (n, n):
            matrix = array
        elif array.ndim <= 1 and array.size in (1, n):
            matrix = np.diag(_deviations(array, n, "all components") ** 2)
        else:
            listed = ", ".join(label.text for label in labels[:12]) + ", …" * (n > 12)
            raise OptionError(
                f"expected {n} standard deviations or a covariance of shape {(n, n)}; found shape "
                f"{array.shape}; write one number for each of {listed}"
            )
    _require_covariance(matrix)
    return matrix


def _from_names(
    covariance: Mapping[Any, Any],
    labels: Sequence[Label],
    groups: Mapping[str, slice],
    missing: float | None,
) -> np.ndarray:
    """Return the matrix of blocks by name."""
    parts = {label.text: slice(k, k + 1) for k, label in enumerate(labels)} | dict(groups)
    matrix, is_set = np.zeros((len(labels), len(labels))), np.zeros(len(labels), dtype=bool)
    for key, value in covariance.items():
        if isinstance(key, tuple):
            _cross(matrix, key, value, parts)
            continue
        part = _positions(key, parts)
        size = part.stop - part.start
        is_set[part] = True
        array = _array(value, key)
        if array.shape == (size, size) and size > 1:
            matrix[part, part] = array
        else:
            matrix[part, part] = np.diag(_deviations(array, size, key) ** 2)
    if not is_set.all() and missing is None:
        lacking = labels[int(np.argmin(is_set))].text
        raise OptionError(
            f"expected a standard deviation of every component; found none of {lacking}; "
            f"write {{…, {lacking!r}: 1.0}}"
        )
    for k in np.flatnonzero(~is_set):
        matrix[k, k] = (missing or 0.0) ** 2
    return matrix


def _cross(
    matrix: np.ndarray, key: tuple[Any, ...], value: Any, parts: Mapping[str, slice]
) -> None:
    """Set the covariance of one part by another, and its transpose."""
    if len(key) != 2:
        raise OptionError(f"expected two names of a covariance; found {key!r}; write ('x', 'y')")
    one, other = (_positions(name, parts) for name in key)
    shape = (one.stop - one.start, other.stop - other.start)
    array = _array(value, key)
    if array.size != shape[0] * shape[1]:
        raise OptionError(
            f"expected a covariance of shape {shape} for {key}; found {array.shape}; "
            "write one row for each component of the first name"
        )
    block = array.reshape(shape)
    if matrix[one, other].any() and not np.array_equal(matrix[one, other], block):
        raise OptionError(
            f"expected one covariance for {key}; found two that differ; write it once"
        )
    matrix[one, other], matrix[other, one] = block, block.T


def _positions(name: Any, parts: Mapping[str, slice]) -> slice:
    if name not in parts:
        raise OptionError(
            f"expected names among {', '.join(list(parts)[:12])}; found {name!r}; "
            "write one of these names"
        )
    return parts[name]


def _array(value: Any, name: Any) -> np.ndarray:
    """Return a user's value as a float64 array."""
    try:
        array = np.asarray(value.tolist() if hasattr(value, "tolist") else value, dtype=float)
    except (TypeError, ValueError):
        raise OptionError(
            f"expected numbers for {name}; found {value!r}; write for example 0.1 or [0.1, 0.2]"
        ) from None
    if not np.isfinite(array).all():
        raise OptionError(f"expected finite numbers for {name}; found {value!r}; write 0.1")
    return array


def _deviations(array: np.ndarray, size: int, name: Any) -> np.ndarray:
    """Return `size` standard deviations; one number holds for all."""
    if array.size not in (1, size):
        raise OptionError(
            f"expected {size} standard deviations for {name}, or a covariance {(size, size)}; "
            f"found shape {array.shape}; write one number for each component"
        )
    if (array < 0).any():
        raise OptionError(
            f"expected standard deviations of at least 0 for {name}; found {array.min():g}; "
            "write the square root of a variance"
        )
    return np.broadcast_to(array.reshape(-1), (size,))


def _require_covariance(matrix: np.ndarray) -> None:
    """Refuse what is not symmetric or has a negative eigenvalue beyond rounding, n ε λ₁."""
    rounding = len(matrix) * np.finfo(float).eps * np.abs(matrix).max(initial=0)
    if (np.abs(matrix - matrix.T) > rounding).any():
        raise OptionError(
            "expected a symmetric covariance; found one that is not; write (S + S.T) / 2"
        )
    smallest = np.linalg.eigvalsh(matrix).min(initial=0) if len(matrix) else 0.0
    if smallest < -len(matrix) * rounding:
        raise OptionError(
            f"expected a covariance without negative eigenvalues; found {smallest:.3g}; "
            "check the off-diagonal entries: |cov(x, y)| is at most σ(x) σ(y)"
        )


def correlation_of(covariance: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Return the correlations (n, n) of a covariance; nan beside a deviation of 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(covariance / np.outer(deviations, deviations))


def groups_of(labels: Sequence[Label]) -> dict[str, slice]:
    """Return the positions of neighbouring components with one name."""
    groups: dict[str, slice] = {}
    for k, label in enumerate(labels):
        start = groups[label.name].start if label.name in groups else k
        groups[label.name] = slice(start, k + 1)
    return groups
