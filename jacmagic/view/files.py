"""Files that are written, as UTF-8; numbered where an exercise has several variants."""

from __future__ import annotations

import os
from pathlib import Path

from jacmagic.errors import PageError


def write(path: str | os.PathLike[str], text: str) -> Path:
    """Write a text; a file that exists is replaced.

    Raises:
        PageError: the file cannot be written.
    """
    target = Path(path).expanduser()
    try:
        target.write_bytes(text.encode("utf-8", errors="replace"))
    except OSError as error:
        raise PageError(
            f"expected a file to write; found {str(target)!r}: {error.strerror or error}; "
            "write the name of a file in a folder that exists"
        ) from error
    return target


def numbered(path: str | os.PathLike[str], count: int) -> list[Path]:
    """Return a path for each variant: quiz-01.ipynb, …, or quiz.ipynb for one."""
    target = Path(path).expanduser()
    if count == 1:
        return [target]
    digits = len(str(count))
    return [target.with_stem(f"{target.stem}-{k:0{digits}}") for k in range(1, count + 1)]
