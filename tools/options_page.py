"""Write `docs/reference/options.md` from the magic's arguments.

python tools/options_page.py            writes the page if it is out of date
"""

from __future__ import annotations

import argparse
from pathlib import Path

from jacmagic.notebook.check_magic import CheckMagics
from jacmagic.notebook.magic import JacobianMagics
from jacmagic.notebook.shell_magics import parser_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "options.md"

HEAD = """\
<!-- Written by tools/options_page.py from the magic's arguments; change those instead. -->

# Options of the magic

```text
%%jacobian [name=value …] [options]         above a cell
%jacobian TARGET [name=value …] [options]   for an existing function, module or matrix
```

`%%hessian` and `%hessian` take the same line, for a function that returns one number.

The point and the options may be in any order.
An option's value follows a blank or `=`; brackets or quotes enclose a value with blanks.
Tab completes options and their values, and `%jacobian -h` prints this list.

| option | meaning | default |
|---|---|---|
"""

CHECK = """
## `%jacobian_check`

```text
%jacobian_check HAND F [name=value …] [options]   compares two things that exist
%%jacobian_check [name=value …] [options]         above a cell of f and its Jacobian
%%jacobian_check F [name=value …] [options]       above LaTeX
```

| option | meaning | default |
|---|---|---|
"""

TAIL = """
## Settings

`%config JacobianMagics` lists the settings, `%config JacobianMagics.precision = 6` changes one
for the session, and `c.JacobianMagics.precision = 6` in `ipython_config.py` for all sessions.

| setting | meaning | default |
|---|---|---|
"""


def page() -> str:
    """Return the whole page as Markdown."""
    parser = parser_of(JacobianMagics.jacobian)
    rows = [row(action) for action in parser._actions]
    settings = [
        f"| `{name}` | {sentence(trait.help)} | `{trait.default_value}` |"
        for name, trait in sorted(JacobianMagics.class_own_traits(config=True).items())
    ]
    checks = [
        text for action in parser_of(CheckMagics.jacobian_check)._actions if (text := row(action))
    ]
    parts = (HEAD, *rows_of(rows), CHECK, *rows_of(checks), TAIL, *rows_of(settings))
    return "".join(parts)


def rows_of(lines: list[str]) -> list[str]:
    """Return the lines of a table, each with its end, without empty ones."""
    return [f"{line}\n" for line in lines if line]


def row(action: argparse.Action) -> str:
    """Return the table's row of an option; empty for a positional argument."""
    if not action.option_strings:
        return ""
    value = value_of(action)
    names = ", ".join(f"`{name}{value}`" for name in sorted(action.option_strings, key=len))
    return f"| {names} | {sentence(action.help)} | {default_of(action)} |"


def value_of(action: argparse.Action) -> str:
    """Return what follows the option's name, with a blank before it."""
    if action.nargs == 0:
        return ""
    if action.choices:
        return " " + "\\|".join(map(str, action.choices))
    return f" {action.metavar or action.dest.upper()}"


def default_of(action: argparse.Action) -> str:
    """Return the default as code, or nothing where the option has none."""
    return "" if action.nargs == 0 or not action.default else f"`{action.default}`"


def sentence(text: str | None) -> str:
    """Return a help text as a sentence for a Markdown table."""
    words = " ".join((text or "").split()).replace("%%", "%").replace("|", "\\|").rstrip(".")
    return words[:1].upper() + words[1:] + "."


def write() -> bool:
    """Write the page; return whether it has changed."""
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return False
    PAGE.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    print(f"{PAGE}: {'written' if write() else 'is current'}")
