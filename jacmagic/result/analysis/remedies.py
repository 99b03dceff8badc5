"""What makes an operation's value or slope not finite, and what to write instead."""

from __future__ import annotations

# Operation → what is not finite of it, what to write. u is the operand, v the second one.
FORWARD: dict[str, tuple[str, str]] = {
    "log": ("the logarithm needs a positive number", "torch.log(u.clamp_min(1e-12))"),
    "log2": ("the logarithm needs a positive number", "torch.log2(u.clamp_min(1e-12))"),
    "log10": ("the logarithm needs a positive number", "torch.log10(u.clamp_min(1e-12))"),
    "log1p": ("log1p needs a number above −1", "torch.log1p(u.clamp_min(-1 + 1e-12))"),
    "sqrt": ("the square root needs a number of at least 0", "torch.sqrt(u.clamp_min(0))"),
    "rsqrt": ("1/√u needs a positive number", "torch.rsqrt(u.clamp_min(1e-12))"),
    "div": ("division by zero", "u / torch.where(v == 0, 1.0, v), and choose the value there"),
    "reciprocal": ("division by zero", "1 / torch.where(u == 0, 1.0, u)"),
    "pow": ("the power is not defined or too large", "a positive base, or a smaller exponent"),
    "exp": (
        "exp is too large beyond 709 (88 in float32)",
        "torch.exp(u - u.max()), or the logarithm",
    ),
    "acos": ("acos needs a number from −1 to 1", "torch.acos(u.clamp(-1, 1))"),
    "asin": ("asin needs a number from −1 to 1", "torch.asin(u.clamp(-1, 1))"),
    "acosh": ("acosh needs a number of at least 1", "torch.acosh(u.clamp_min(1))"),
    "atanh": ("atanh needs a number between −1 and 1", "torch.atanh(u.clamp(-1 + 1e-7, 1 - 1e-7))"),
    "linalg_inv_ex": ("the matrix is singular", "torch.linalg.pinv, or add a multiple of eye(n)"),
    "mul": ("the product is too large", "a sum of logarithms, or a smaller scale"),
}

_WHERE = "torch.where(u > 0, torch.{0}(torch.where(u > 0, u, 1.0)), 0.0)"
_CLAMP = "torch.{0}(u.clamp(-1 + 1e-7, 1 - 1e-7))"

BACKWARD: dict[str, tuple[str, str]] = {
    "sqrt": ("the slope 1/(2√u) of sqrt is infinite at u = 0", _WHERE.format("sqrt")),
    "rsqrt": ("the slope of 1/√u is infinite at u = 0", _WHERE.format("rsqrt")),
    "log": ("the slope 1/u of log is infinite at u = 0", _WHERE.format("log")),
    "log2": ("the slope of log2 is infinite at u = 0", _WHERE.format("log2")),
    "log10": ("the slope of log10 is infinite at u = 0", _WHERE.format("log10")),
    "pow": (
        "the slope of a power below 1 is infinite at 0",
        "torch.where(u > 0, torch.where(u > 0, u, 1.0) ** p, 0.0)",
    ),
    "div": (
        "the slopes 1/v and −u/v² of u/v are infinite at v = 0",
        "torch.where(v == 0, 0.0, u / torch.where(v == 0, 1.0, v)) with the value meant there",
    ),
    "reciprocal": (
        "the slope −1/u² of 1/u is infinite at u = 0",
        "1 / torch.where(u == 0, 1.0, u)",
    ),
    "acos": ("the slope of acos is infinite at −1 and 1", _CLAMP.format("acos")),
    "asin": ("the slope of asin is infinite at −1 and 1", _CLAMP.format("asin")),
    "acosh": ("the slope of acosh is infinite at 1", "torch.acosh(u.clamp_min(1 + 1e-7))"),
    "atanh": ("the slope of atanh is infinite at −1 and 1", _CLAMP.format("atanh")),
    "atan2": (
        "atan2 has no slope at (0, 0)",
        "torch.atan2(y, torch.where((x == 0) & (y == 0), 1.0, x))",
    ),
    "xlogy": (
        "the slope log v of u·log v is infinite at v = 0",
        "torch.special.entr(u) for −u·log u",
    ),
    "exp": ("the slope of exp is too large", "torch.exp(u - u.max()), or the logarithm"),
}

DISCARDED = (
    "the gradient that arrives is 0, as torch.where or a factor 0 discards this branch, and "
    "0·∞ is nan"
)
