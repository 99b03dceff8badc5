"""Random functions in every mode against torch's plain backward pass, entry by entry."""

from __future__ import annotations

import random

import pytest
import torch

import jacmagic

N = 4
F64 = torch.float64

# Expressions of two vectors of length N; `e` (ones), `c` and `M` are captured.
STEPS = (
    """
{a} * {b}|{a} - {b}|{a} * e|{a} + c|c - {a}|{a}.sin()|{a}.abs()|{a} ** 2|torch.relu({a})
(0.3 * {a}).exp()|{a}.clamp(-0.5, 0.5)|{a}.roll(1)|{a}.flip(0)|{a}.cumsum(0)|{a}.detach() * {b}
torch.cat([{a}[1:], {b}[:1]])|torch.stack([{a}, {b}], 1).sum(1)|torch.where({a} > 0, {a}, 2 * {b})
{a}.sort().values|M @ {a}|torch.linalg.solve(M, {a} * {b})|{a}[2] * {b}|{a}[..., -1] + {b}
({a} * e).view(2, 2).sin().view(N)|({a} * e).view(1, N).abs()[0]|{a}.expand(2, N)[1] * {b}
torch.outer({a}, {b})[:, 1]|torch.outer({a}, {b}).diagonal()|{a}.softmax(0)|{a}.logsumexp(0) + {b}
torch.nn.functional.pad({a}[1:3], (1, 1)) + {b}|{a}[::2].repeat(2)
torch.complex({a}, {b}).conj().imag|filled({a}, {b})|scaled({a})|{a}.index_add(0, i, {b})
{a}[i] * {b}|torch.maximum({a}, {b})
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

ENDS = ("{z}", "({z}, {y})", "{{'a': {z}, 'b': {y}.sum()}}", "({z}, {z}[1:], {z}.view(1, -1))",
        "({z}[1:], x)", "torch.outer({z}, {y})", "{z}[::2]")  # fmt: skip


def filled(a, b):
    """Written piece by piece into memory of its own."""
    out = torch.zeros(N, dtype=F64)
    out[:2] = a[1:3]
    out[3] = b[0]
    out[1:] += b[1:]
    return out


def scaled(a):
    """Return a view of a copy, written in place."""
    out = a.clone()
    out[1:3].mul_(a[2])
    return out


def build(seed: int):
    """Return a function of one vector, with its text and what it captures."""
    draw = random.Random(seed)
    names, lines = ["x"], []
    for k in range(draw.randint(2, 8)):
        a, b = draw.choice(names), draw.choice(names[-3:])
        lines.append(f"    v{k} = {draw.choice(STEPS).format(a=a, b=b)}")
        names.append(f"v{k}")
    end = draw.choice(ENDS).format(z=names[-1], y=draw.choice(names[1:]))
    text = "\n".join(["def f(x):", *lines, f"    return {end}"])
    generator = torch.Generator().manual_seed(seed)
    held = {
        "e": torch.ones(N, dtype=F64),
        "c": torch.randn(N, dtype=F64, generator=generator),
        "M": torch.randn(N, N, dtype=F64, generator=generator) + 4 * torch.eye(N, dtype=F64),
        "i": torch.tensor([2, 0, 3, 1]),
    }
    namespace = {"torch": torch, "N": N, "filled": filled, "scaled": scaled, **held}
    exec(text, namespace)  # of the texts above
    return namespace["f"], text, held


@pytest.mark.parametrize("seed", range(150))
def test_a_random_function_in_every_mode(seed):
    """Torch's matrix; inputs, captured tensors and earlier answers stay as they are."""
    function, text, held = build(seed)
    before = {name: tensor.clone() for name, tensor in held.items()}
    generator, answers = torch.Generator().manual_seed(seed), []
    for strategy in ("auto", "reverse-mode", "forward-mode", "sparse", "auto"):
        x = torch.randn(N, dtype=F64, generator=generator)
        kept = x.clone()
        matrix = jacmagic.jacobian(function, x, strategy=strategy).matrix
        expected = reference(function, kept)
        assert torch.allclose(matrix, expected, rtol=1e-9, atol=1e-9), (
            f"{strategy}\n{text}\n{matrix - expected}"
        )
        assert torch.equal(x, kept), text
        assert all(torch.equal(held[name], old) for name, old in before.items()), text
        answers.append((matrix, matrix.clone()))
        x.add_(1)
    assert all(torch.equal(matrix, copy) for matrix, copy in answers), text


def reference(function, x):
    """torch's own rows, one by one."""

    def flat(x):
        value = function(x)
        parts = value.values() if isinstance(value, dict) else value
        parts = (value,) if isinstance(value, torch.Tensor) else parts
        return torch.cat([part.reshape(-1) for part in parts])

    return torch.autograd.functional.jacobian(flat, x)
