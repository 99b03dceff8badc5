"""Random torch programs of lines of source, each run as it is appended."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F

NAMES = {"torch": torch, "F": F}

_UNARY = (
    "torch.sin({a}) torch.cos({a}) torch.exp({a}) torch.tanh({a}) torch.sigmoid({a}) "
    "{a}.abs() torch.relu({a}) {a}**2 {a}**3 torch.sqrt({a}.abs()+0.1) "
    "torch.log({a}.abs()+0.1) -{a} 1/({a}**2+1) torch.atan({a}) F.softplus({a}) F.gelu({a}) "
    "F.silu({a}) F.elu({a}) F.leaky_relu({a},0.1) F.hardtanh({a}) F.hardswish({a}) "
    "F.relu6({a}) F.mish({a}) F.celu({a}) F.logsigmoid({a}) F.softsign({a}) "
    "F.tanhshrink({a}) F.softshrink({a}) F.hardshrink({a}) torch.erf({a}) torch.expm1({a}) "
    "torch.log1p({a}.abs()) torch.asinh({a}) torch.sinh({a}) {a}.clamp(-1,1) "
    "{a}.clamp(min=0.5) {a}.clamp(max=0.5) {a}.sign()*{a} {a}.floor()*{a} {a}.round()*{a} "
    "{a}.frac() {a}.trunc()*{a} torch.rsqrt({a}**2+1) {a}.square() {a}.reciprocal() "
    "torch.sinc({a}) torch.special.erfcx({a}) torch.lgamma({a}.abs()+1) "
    "torch.digamma({a}.abs()+1) torch.nan_to_num({a}) torch.special.i0({a}) "
    "torch.special.entr({a}.abs()+0.1) {a}.neg().exp() torch.logit({a}.sigmoid()) "
    "torch.special.log_ndtr({a}) torch.deg2rad({a}) torch.exp2({a})"
).split()
_SHAPES = (
    "{a}.flip(0) {a}.roll(1,0) {a}.reshape(-1) {a}.T {a}.t().contiguous() {a}.unsqueeze(0) "
    "{a}.squeeze() {a}[1:] {a}[:-1] {a}[::2] {a}[...,0] {a}[-1] {a}[[0,0,-1]] {a}.diagonal() "
    "torch.diag({a}) torch.tril({a}) torch.triu({a}) {a}.expand(2,*{a}.shape) {a}.repeat(2) "
    "F.pad({a},(1,0)) {a}.transpose(0,-1).reshape(-1) {a}.unfold(0,2,1) "
    "{a}.repeat_interleave(2) {a}.flatten() {a}.index_select(0,torch.tensor([0,0])) "
    "{a}.masked_select({a}>0) {a}[{a}>0] torch.rot90({a}) {a}.narrow(0,0,1) "
    "{a}.to(torch.float32).double() {a}.unsqueeze(-1)*{a}.unsqueeze(-2) {a}.movedim(0,-1) "
    "torch.stack(tuple({a})) torch.cat([{a},{a}]) {a}.take(torch.tensor([0,0]))"
).split()
_REDUCE = (
    "{a}.sum() {a}.mean() {a}.prod() {a}.max() {a}.min() {a}.amax(0) {a}.amin(-1) {a}.sum(0) "
    "{a}.mean(-1) {a}.var() {a}.std() {a}.norm() torch.logsumexp({a},0) {a}.median() "
    "{a}.max(0).values {a}.min(-1)[0] torch.linalg.vector_norm({a},3) {a}.norm(p=1) "
    "{a}.cumsum(0) {a}.cumprod(0) {a}.softmax(0) {a}.log_softmax(-1) {a}.sort(0).values "
    "{a}.topk(1,0).values {a}.kthvalue(1,0).values {a}.cummax(0).values "
    "torch.logcumsumexp({a},0) {a}.diff() torch.trapezoid({a}) {a}.logsumexp(-1) {a}.var(0) "
    "{a}.std(-1) F.normalize({a},dim=0) F.layer_norm({a},{a}.shape) torch.aminmax({a})[1] "
    "{a}.quantile(0.3) {a}.argsort(0)*{a} {a}[{a}.argmax()] torch.renorm({a},2,0,1.0) "
    "{a}.nansum() {a}.softmax(-1).log() {a}.prod(0) {a}.mode(0).values torch.nanmedian({a}) "
    "{a}.sum(-1,keepdim=True)"
).split()
_BINARY = (
    "{a}+{b} {a}-{b} {a}*{b} {a}/({b}**2+1) {a}/{b} {a}@{b} {a}@{b}.T torch.maximum({a},{b}) "
    "torch.minimum({a},{b}) torch.where({a}>{b},{a},{b}**2) torch.atan2({a},{b}) "
    "torch.hypot({a},{b}+1) {a}.abs()**{b} torch.outer({a},{b}) torch.dot({a},{b}) "
    "torch.lerp({a},{b},0.3) torch.fmax({a},{b}) "
    "torch.cat([{a}.reshape(-1),{b}.reshape(-1)]) torch.stack([{a}.sum(),{b}.sum()]) "
    "{a}%({b}.abs()+1) F.mse_loss({a},{b}) F.smooth_l1_loss({a},{b}) F.huber_loss({a},{b}) "
    "torch.logaddexp({a},{b}) torch.einsum('i,i->',{a},{b}) torch.einsum('ij,j->i',{a},{b}) "
    "torch.cdist({a},{b}+9) torch.kron({a},{b}) F.cosine_similarity({a},{b},0) "
    "F.linear({a},{b}) torch.cross({a},{b},dim=-1) torch.fmod({a},{b}.abs()+1) "
    "torch.copysign({a},{b}) torch.special.xlogy({a}.abs(),{b}.abs()+1) "
    "torch.heaviside({a},{b})*{a} F.conv1d({a}.reshape(1,1,-1),{b}.reshape(1,1,-1)[...,:2]) "
    "{a}.masked_fill({b}>0,0.5) torch.addcmul({a},{b},{b}) "
    "{a}.scatter_add(0,torch.zeros({b}.shape,dtype=torch.long),{b}) torch.ldexp({a},{b}) "
    "F.binary_cross_entropy_with_logits({a},{b}.sigmoid()) "
    "F.scaled_dot_product_attention({a},{b},{b}) "
    "torch.linalg.solve({a}+3*torch.eye({a}.shape[-1]),{b}) "
    "{a}.index_add(0,torch.zeros(len({b})).long(),{b})"
).split()
_LINALG = (
    "torch.linalg.det({a}+2*torch.eye({a}.shape[-1])) "
    "torch.linalg.inv({a}+4*torch.eye({a}.shape[-1])) torch.trace({a}) "
    "torch.linalg.cholesky({a}@{a}.T+torch.eye({a}.shape[0])) "
    "torch.linalg.matrix_power({a},2) torch.linalg.norm({a}) "
    "torch.logdet({a}@{a}.T+torch.eye({a}.shape[0])) "
    "torch.linalg.qr({a}+2*torch.eye({a}.shape[-1]))[1] "
    "torch.linalg.eigvalsh({a}@{a}.T+torch.eye({a}.shape[0])) torch.linalg.svdvals({a}) "
    "torch.linalg.slogdet({a})[1]"
).split()
_STATEMENTS = (
    "{v} = {a}.clone(); {v}[0] = {v}[-1] * {v}[0]",
    "{v} = {a}.clone(); {v}[1:] += {v}[:-1] ** 2",
    "{v} = {a}.clone(); {v}.mul_(2).add_(1)",
    "{v} = {a} * 1; {v}[{v} > 0.5] = 0.5",
    "{v} = {a}.sin() if {a}.sum() > 0 else {a}.cos()",
    "{v} = {a} if {a}.max() > {b}.min() else {b}",
    "{v} = {a}\nfor k in range(3):\n    {v} = {v} * 0.5 + torch.sin({v}) * k",
    "{v} = {a}\nwhile 2 < {v}.abs().sum() < 1e9:\n    {v} = {v} / 2",
    "{v} = torch.zeros(3, dtype=x.dtype); {v}[0] = {a}.sum(); {v}[2] = {b}.mean()",
    "{v} = sum(t * (i + 1) for i, t in enumerate({a}))",
    "{v} = torch.func.grad(lambda t: (t**3).sum() * {b}.sum())({a})",
    "{v} = torch.vmap(lambda t: t * t.sum())({a})",
    "{v} = max({a}.sum(), {b}.sum(), key=lambda t: t.item())",
)
_KINDS = ((_UNARY, 6), (_SHAPES, 3), (_REDUCE, 3), (_BINARY, 5), (_LINALG, 1), (_STATEMENTS, 2))
_POINTS = (
    lambda r: round(r.uniform(-2, 2), 2),
    lambda r: float(r.randint(-2, 2)),
    lambda r: r.choice([0.0, 0.5, 1.0, -1.0]),
    lambda r: r.uniform(-1, 1) * 10 ** r.randint(-6, 4),
)


@dataclass(frozen=True)
class Program:
    """A function of one tensor.

    Attributes:
        lines: its statements, without the last.
        result: the expression it returns.
        point: the numbers of x.
        shape: the shape of x.
    """

    lines: tuple[str, ...]
    result: str
    point: tuple[float, ...]
    shape: tuple[int, ...]

    @property
    def source(self) -> str:
        """The function's definition."""
        body = [part for line in self.lines for part in line.split("\n")]
        return "\n".join(
            ["def f(x):", *(f"    {part}" for part in body), f"    return {self.result}"]
        )

    @property
    def script(self) -> str:
        """A script that builds the function and its point."""
        return (
            "import torch, jacmagic\nimport torch.nn.functional as F\n"
            "torch.set_default_dtype(torch.float64)\n\n"
            f"{self.source}\n\nx = torch.tensor({list(self.point)}).reshape({self.shape})\n"
            "print(torch.autograd.functional.jacobian(f, x))\n"
            "J = jacmagic.jacobian(f, x)\nprint(J.matrix, J.formula, J.agreement, sep='\\n')\n"
        )

    @property
    def x(self) -> torch.Tensor:
        """The point."""
        return torch.tensor(self.point, dtype=torch.float64).reshape(self.shape)

    def function(self) -> Any:
        """Return the function itself."""
        space: dict[str, Any] = dict(NAMES)
        exec(compile(self.source, "<program>", "exec"), space)
        return space["f"]


def random_program(seed: int, length: int) -> Program:
    """Return a program of about so many lines that runs at its point."""
    dice = random.Random(seed)
    shape = dice.choice([(3,), (2, 2), (4,), (1,), (2, 3), (3, 3)])
    number = dice.choice(_POINTS)
    size = torch.Size(shape).numel()
    program = Program((), "x", tuple(number(dice) for _ in range(size)), shape)
    names = ["x"]
    for _ in range(length * 3):
        if len(program.lines) >= length:
            break
        name = f"v{len(program.lines)}"
        table = dice.choices([t for t, _ in _KINDS], [w for _, w in _KINDS])[0]
        template = dice.choice(table)
        a, b = dice.choice(names[-3:]), dice.choice(names)
        text = template.format(a=a, b=b, v=name)
        line = text if table is _STATEMENTS else f"{name} = {text}"
        longer = replace(program, lines=(*program.lines, line), result=name)
        if _runs(longer):
            program = longer
            names.append(name)
    return replace(program, result=f"({program.result}).reshape(-1)[:5]")


def _runs(program: Program) -> bool:
    """Whether a program gives few finite real numbers at its point."""
    try:
        value = program.function()(program.x.requires_grad_() * 1)
    except Exception:  # noqa: BLE001 - shapes that do not fit, mostly
        return False
    real = isinstance(value, torch.Tensor) and value.is_floating_point()
    return real and 0 < value.numel() <= 40 and bool(value.isfinite().all())
