"""Python with NumPy: arrays in, arrays out, over any leading dimensions of a batch.

Special functions are those of SciPy, which is imported where one is called.
"""

from __future__ import annotations

from jacmagic.symbolic.codegen.function import Function
from jacmagic.symbolic.codegen.language import Language, calls, starred
from jacmagic.symbolic.codegen.languages.python import KEYWORDS, constants, head
from jacmagic.symbolic.codegen.layout import indented

_UNARY = {
    **{
        name: name
        for name in (
            "sin cos tan sinh cosh tanh exp expm1 log log1p sqrt abs sign floor ceil".split()
        )
    },
    **{f"a{name}": f"arc{name}" for name in "sin cos tan sinh cosh tanh".split()},
}
_SPECIAL = "erf erfc erfinv digamma i0 i1 j0 j1 y0 y1 k0 k1"


def _frame(f: Function) -> str:
    value, matrix = f.results
    text = " ".join([*f.statements, *f.entries, *(f.values or ())])
    modules = "import numpy as np" + "\nfrom scipy import special" * ("special." in text)
    *lines, define = head(f, modules)
    body = [*_arrays(f), *constants(f), *f.statements]
    if f.values is not None:
        body.append(f"{value} = np.zeros((*batch, {len(f.values)}), dtype)")
        body += [f"{value}[..., {k}] = {text}" for k, text in enumerate(f.values)]
    sizes = f"{len(f.entries)}" if f.indexes else "{}, {}".format(*f.shape)
    body.append(f"{matrix} = np.zeros((*batch, {sizes}), dtype)")
    for k, entry in enumerate(f.entries):
        index = k if f.indexes else "{}, {}".format(*divmod(k, f.shape[1]))
        body += [f"{matrix}[..., {index}] = {entry}"] * (entry != "0")
    body.append(f"return {matrix}" if f.values is None else f"return {value}, {matrix}")
    quiet = '@np.errstate(all="ignore")  # poles and overflows are inf and nan'
    return "\n".join([*lines, quiet, define, *indented(body), ""])


def _arrays(f: Function) -> list[str]:
    """Return statements that read the inputs, their batch and their dtype."""
    names = ", ".join(argument.name for argument in f.arguments)
    shapes = [
        f"{argument.name}.shape[:-{len(argument.shape)}]"
        if argument.shape
        else f"{argument.name}.shape"
        for argument in f.arguments
    ]
    return [
        *(f"{argument.name} = np.asarray({argument.name})" for argument in f.arguments),
        f"batch = np.broadcast_shapes({', '.join(shapes)})",
        f"dtype = np.result_type({names}, np.float16)  # of integers: float64",
    ]


NUMPY = Language(
    calls={
        **{name: f"np.{called}({{}})" for name, called in _UNARY.items()},
        **calls("special.", _SPECIAL),
        "lgamma": "special.gammaln({})",
        **calls("special.", "polygamma zeta gammainc gammaincc", 2),
        "sigmoid": "special.expit({})",
        "mod": "np.mod({}, {})",
        "atan2": "np.arctan2({}, {})",
        "max": "np.maximum({}, {})",
        "min": "np.minimum({}, {})",
        "relu": "np.maximum({}, 0)",
        "clamp": "np.clip({}, {}, {})",
        "and": "({} & {})",
        "or": "({} | {})",
        "not": "(~({}))",
    },
    power=starred,
    choice="np.where({}, {}, {})",
    infinity="np.inf",
    nan="np.nan",
    frame=_frame,
    assign="{} = {}",
    component=lambda name, index, _: (
        f"{name}[..., {', '.join(map(str, index))}]" if index else name
    ),
    keywords=KEYWORDS | {"batch", "dtype"},
)
