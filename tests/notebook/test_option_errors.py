"""What the option parser complains of is one sentence with carets under the wrong part."""

from __future__ import annotations

import re

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jacmagic.notebook.cell import explained, read_line
from jacmagic.notebook.magic import JacobianMagics
from jacmagic.notebook.options import option_names
from jacmagic.notebook.shell_magics import parser_of


@pytest.mark.parametrize(
    ("text", "sentence", "marked"),
    [
        ("x=1 --mode fast", "--mode needs one of auto, forward, reverse, rows, sparse", "fast"),
        ("--mode=forwards x=1", "found forwards; write --mode forward", "forwards"),
        ("--layout column", "--layout needs one of numerator, denominator", "column"),
        ("--chunk two x=1", "--chunk needs an integer; found two; write --chunk 4", "two"),
        ("-p many", "--precision needs an integer; found many", "many"),
        ("x=1 -pmany", "--precision needs an integer; found many", "many"),
        ("--budget long", "--budget needs a number; found long; write --budget 2.5", "long"),
        ("x=1 -p 99", "-p needs a number from 1 to 17; found 99", "99"),
        ("--chunk 0", "--chunk needs a number of at least 1; found 0", "0"),
        ("-v 3J", "-v needs a name; found '3J'", "3J"),
        ("--quiz stepps x=1", "--quiz needs one of entries, numbers, steps, rules", "stepps"),
        ("--quiz entries=0 x=1", "--quiz needs one of entries, numbers, steps, rules", "entries=0"),
        ("x=1 --quiz foo", "--quiz needs one of entries, numbers, steps, rules", "foo"),
        ("x=1 --quiz --seeds 0", "--seeds needs a number of variants from 1 to 1,000", "0"),
        ("x=1 --quiz --seeds 5000", "--seeds needs a number of variants from 1 to 1,000", "5000"),
        ("x=1 --seeds 4", "--seeds counts variants of an exercise", "4"),
        ("--strict --mode sparse", "--strict needs every gradient", "--strict"),
    ],
)
def test_a_wrong_value_is_marked(text: str, sentence: str, marked: str) -> None:
    """The message says what is allowed and what to write; the carets lie under what is wrong."""
    magics = JacobianMagics(InteractiveShell.instance())
    with pytest.raises(UsageError, match=re.escape(sentence)) as caught:
        magics.jacobian(text, "")
    _, shown, carets = str(caught.value).split("\n")
    start = carets.index("^")
    assert shown[start : start + carets.count("^")] == marked


def test_a_message_without_an_option_has_no_carets() -> None:
    """What names no option of the line is left as it is."""
    flags, valued = option_names(parser_of(JacobianMagics.jacobian))
    line = read_line("x=1", flags=flags, valued=valued, wants_target=False)
    assert explained("torch keeps no graph", line, flags) == "torch keeps no graph"
