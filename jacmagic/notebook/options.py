"""The options of the magics: parser, checks, and conversion to options objects.

Most of them are fields of `ComputeOptions`, `DisplayOptions` and `InputOptions`, made by
`magic_option`: `fill` puts what is typed into these objects.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from typing import Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument

from jacmagic.errors import OptionError
from jacmagic.numeric.options import ComputeOptions
from jacmagic.options import magic_option
from jacmagic.result.options import DisplayOptions

_Options = TypeVar("_Options")


@dataclasses.dataclass(frozen=True)
class InputOptions:
    """Options that select and convert the inputs, as typed."""

    wrt: str | None = magic_option(
        "--wrt",
        metavar="NAMES",
        help="inputs to differentiate with respect to, by commas; "
        "for a module: inputs, parameters, or names of parameters; "
        "R=SO3:right for the tangent vector of a rotation (SE3, quat; left)",
    )
    out: str | None = magic_option(
        "--out", metavar="MANIFOLD", help="the manifold of the output, such as SO3:right"
    )
    at: str | None = magic_option(
        "--at", metavar="EXPR", help="the point as one dict, tuple or single value"
    )
    dtype: str | None = magic_option(
        "--dtype", metavar="D", help="cast the inputs, such as float32"
    )
    device: str | None = magic_option("--device", metavar="D", help="move the inputs, such as cuda")


def _options_of(kind: type) -> Iterator[argument]:
    """Yield the options that are fields of an options object, in their order."""
    for field in dataclasses.fields(kind):
        if "flags" not in field.metadata:
            continue
        usual = {"default": field.default}
        if isinstance(field.default, bool):
            usual = {"action": "store_false" if field.default else "store_true"}
        keywords = {**usual, **field.metadata["argument"]}
        yield argument(*field.metadata["flags"], dest=field.name, **keywords)


OPTIONS = (
    argument("--of", metavar="NAME", help="which function of the cell"),
    *_options_of(InputOptions),
    argument("--range", metavar="NAME=LO:HI", action="append", default=[],
             help="a slider's range, or LO:HI:STEP; repeatable; x[0]=… for one component"),
    *_options_of(ComputeOptions),
    *_options_of(DisplayOptions),
    argument("-p", "--precision", dest="digits", type=int, metavar="N",
             help="significant digits shown"),
    argument("--no-formula", dest="formula", action="store_false", help="skip the closed form"),
    argument("--budget", type=float, metavar="SECONDS", help="seconds for the closed form"),
    argument("--exact", action="store_true",
             help="the closed form at the values as typed, such as pi/2 or 1/3, simplified; "
             "inputs without a value stay symbolic"),
    argument("--compile", action="store_true",
             help="return the compiled Jacobian, a function of the inputs, instead of a result"),
    argument("--quiz", metavar="KIND",
             help="show an exercise instead: entries (also without KIND), entries=3 for three of "
             "them, or another kind, such as numbers for their values, steps for derivations line "
             "by line, rules for the rule of each step"),
    argument("--seeds", type=int, default=1, metavar="N",
             help="variants of the exercise, each with entries of its own; of numbers, each at a "
             "point of its own"),
    argument("--save", metavar="PATH",
             help="write what is shown as an HTML file too, live without a kernel"),
    argument("-v", "--variable", metavar="NAME", help="store the result in this name"),
    argument("-q", "--quiet", action="store_true", help="show nothing; the value is returned"),
    argument("-h", "--help", action="store_true", help="show this help"),
)  # fmt: skip
_OF_CHECKS = {"--of", "--wrt", "--at", "--dtype", "--device", "--budget", "-p", "-v", "-q", "-h"}
CHECK_OPTIONS = (
    argument("--functions", action="store_true",
             help="both are functions whose Jacobians are compared"),
    *(option for option in OPTIONS if option.args[0] in _OF_CHECKS),
)  # fmt: skip


def option_names(parser: argparse.ArgumentParser) -> tuple[list[str], list[str]]:
    """Return the options without and with a value."""
    actions = parser._actions
    flags = [name for action in actions if action.nargs == 0 for name in action.option_strings]
    valued = [name for action in actions if action.nargs != 0 for name in action.option_strings]
    return flags, valued


def fill(kind: type[_Options], parsed: argparse.Namespace, **others: Any) -> _Options:
    """Return an options object whose fields are the parsed options of the same names.

    Args:
        kind: a dataclass.
        parsed: what the parser returned.
        **others: fields that are not options, or that take another value than the typed one.
    """
    names = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # a dataclass
    typed = {name: value for name, value in vars(parsed).items() if name in names}
    return kind(**{**typed, **others})


def check(parsed: argparse.Namespace) -> None:
    """Refuse invalid values of options, and invalid combinations.

    Raises:
        UsageError: with what to write instead.
    """
    if parsed.chunk_size is not None and parsed.chunk_size < 1:
        raise UsageError(f"--chunk needs a number of at least 1; found {parsed.chunk_size}")
    if parsed.create_graph and parsed.strategy == "forward":
        raise UsageError(
            "torch keeps no graph in forward mode; write --create-graph --mode reverse"
        )
    if parsed.strategy == "sparse" and (parsed.strict or parsed.create_graph):
        option = "--strict" if parsed.strict else "--create-graph"
        raise UsageError(f"{option} needs every gradient; write {option} --mode reverse")
    if parsed.exact and (parsed.compile or not parsed.formula):
        other = "--compile" if parsed.compile else "--no-formula"
        raise UsageError(f"--exact shows the closed form; write it without {other}")
    _check_shown(parsed)
    check_common(parsed)


def _check_shown(parsed: argparse.Namespace) -> None:
    """Refuse invalid combinations of options that show something else than a Jacobian."""
    if parsed.quiz is not None:
        _check_quiz(parsed.quiz, parsed.seeds)
    options = {"--exact": parsed.exact, "--compile": parsed.compile, "--quiz": parsed.quiz}
    instead = [name for name, value in options.items() if value]
    if parsed.quiz is not None and (len(instead) > 1 or not parsed.formula):
        other = instead[0] if len(instead) > 1 else "--no-formula"
        raise UsageError(f"--quiz asks for the closed form; write it without {other}")
    if parsed.seeds != 1 and parsed.quiz is None:
        raise UsageError("--seeds counts variants of an exercise; write --quiz entries --seeds 40")
    if parsed.save is not None and instead and instead[0] != "--quiz":
        raise UsageError(f"--save writes the live page; write it without {instead[0]}")


def _check_quiz(kind: str, seeds: int) -> None:
    """Refuse options that no kind of exercise has."""
    from jacmagic.view.exercise.kinds import QuizOptions  # loads torch, as an exercise does

    try:
        QuizOptions.typed(kind, seeds)
    except OptionError as error:
        raise UsageError(str(error)) from None


def check_common(parsed: argparse.Namespace) -> None:
    """Refuse invalid values of the options that all magics share.

    Raises:
        UsageError: with what to write instead.
    """
    if parsed.digits is not None and not 1 <= parsed.digits <= 17:
        raise UsageError(f"-p needs a number from 1 to 17; found {parsed.digits}; write -p 4")
    if parsed.budget is not None and not parsed.budget >= 0:
        raise UsageError(f"--budget needs seconds, not negative; found {parsed.budget:g}")
    if parsed.variable is not None and not parsed.variable.isidentifier():
        raise UsageError(f"-v needs a name; found {parsed.variable!r}; write -v J")
