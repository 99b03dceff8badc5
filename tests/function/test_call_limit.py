"""A run that calls torch too often is broken off, and leaves nothing behind."""

from __future__ import annotations

import pytest
import torch

from jacmagic.function.interop.call_limit import Counted, EndlessError


def test_a_run_that_is_broken_off_inside_no_grad_leaves_gradients_enabled():
    """`no_grad` restores the mode by a call of torch itself, which is not refused."""
    with pytest.raises(EndlessError, match="more than 1000 calls"), Counted(0), torch.no_grad():
        while True:
            torch.ones(1)
    assert torch.is_grad_enabled()


def test_a_loop_that_catches_every_error_is_refused_again():
    """Each further call raises, so that the loop makes no progress."""
    refused = 0
    with Counted(0):
        for _ in range(1_010):
            try:
                torch.ones(1)
            except EndlessError:
                refused += 1
    assert refused == 10
