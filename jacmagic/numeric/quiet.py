"""Running the user's function again as if nothing happened.

Under `vmap`, with dual numbers or for finite differences the function runs once more. The user
must not notice: nothing is printed twice, no warning comes twice, torch's remarks on vmap are kept
away, and the random numbers are those of the first run.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor


@contextlib.contextmanager
def quiet(tensors: Sequence[Tensor], random: tuple[Tensor, ...]) -> Iterator[None]:
    """Silence output and warnings, and start the generators from `random`; all is put back after.

    Args:
        tensors: what the function is called with; tells which devices' generators matter.
        random: what `random_states` said before the first run.
    """
    now = random_states(tensors)
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        set_random_states(tensors, random)
        try:
            yield
        finally:
            set_random_states(tensors, now)


def random_states(tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The states of the generators that a function of these tensors may draw from."""
    states = [torch.get_rng_state()]
    if any(tensor.is_cuda for tensor in tensors):
        states.append(torch.cuda.get_rng_state())
    return tuple(states)


def set_random_states(tensors: Sequence[Tensor], states: tuple[Tensor, ...]) -> None:
    """Put the generators back to where `random_states` found them."""
    torch.set_rng_state(states[0])
    if any(tensor.is_cuda for tensor in tensors):
        torch.cuda.set_rng_state(states[1])
