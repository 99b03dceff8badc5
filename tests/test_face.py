"""The public names of the package, and that importing them is light."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import jacmagic

HEAVY = ("torch", "sympy", "ipywidgets")


def modules_after(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has imported after running `code`."""
    command = [sys.executable, "-X", "importtime", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [row for row in done.stderr.splitlines() if row.startswith("import time:")]
    return {row.rpartition("|")[2].strip() for row in rows}


@pytest.mark.parametrize(
    "code", ["import jacmagic", "import jacmagic.notebook.magic", "dir(__import__('jacmagic'))"]
)
def test_importing_loads_neither_torch_nor_sympy(code: str) -> None:
    """Importing and loading the extension are light."""
    loaded = modules_after(code)
    assert "jacmagic" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_the_proof_of_lightness_can_fail() -> None:
    """An import of torch is detected."""
    assert set(modules_after("import jacmagic.function.values")) & set(HEAVY) == {"torch"}


def test_every_public_name_exists_and_is_listed() -> None:
    """`__all__` lists exactly the public names."""
    for name in jacmagic.__all__:
        assert getattr(jacmagic, name) is not None
        assert name in dir(jacmagic)
    assert sorted(jacmagic.__all__) == jacmagic.__all__
    expected = {"jacobian", "Jacobian", "JacmagicError", "load_ipython_extension"}
    assert expected <= set(jacmagic.__all__)
    assert "unload_ipython_extension" in jacmagic.__all__


def test_every_lazy_name_is_its_module_s_own() -> None:
    """A lazy name is the very object that its module defines."""
    for name, path in jacmagic._MODULES.items():
        module = importlib.import_module(f"jacmagic.{path}")
        assert getattr(jacmagic, name) is getattr(module, name)
        assert getattr(jacmagic, name).__module__ == module.__name__


def test_type_checkers_read_the_annotations() -> None:
    """The marker of PEP 561 lies beside the code; without it every type is Any."""
    assert (Path(jacmagic.__file__).parent / "py.typed").is_file()


def test_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    """An unknown name raises as in any module."""
    with pytest.raises(AttributeError, match="module 'jacmagic' has no attribute 'nonsense'"):
        _ = jacmagic.nonsense
