"""Fields of options that are options of the magics, too: flag and help stand beside the default."""

from __future__ import annotations

import dataclasses
from typing import Any


def magic_option(*flags: str, default: Any = None, **argument: Any) -> Any:
    """Return a dataclass field that the magics read from their line.

    Args:
        *flags: how it is typed, such as "--steps". The flag of a field that is true or false takes
            no value and reverses the default.
        default: of the field.
        **argument: more for argparse's `add_argument`, such as `help` and `metavar`.
    """
    return dataclasses.field(default=default, metadata={"flags": flags, "argument": argument})
