"""Imports go strictly down the layers of the architecture page, without circles.

The layers are the table in `docs/explanation/architecture.md`; there is no second copy of it, and
no list of exceptions.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "jacmagic"
PAGE = ROOT / "docs" / "explanation" / "architecture.md"
INDEPENDENT = {"numeric", "symbolic"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


def read_layers(text: str) -> dict[str, int]:
    """Read the rows `| 3 | `numeric/` | … |`: package or module → layer."""
    rows = re.findall(r"^\| *(\d+) *\| *`(\w+)/?` *\|", text, flags=re.MULTILINE)
    return {name: int(layer) for layer, name in rows}


def modules_of(package: Path) -> dict[str, Path]:
    """Return dotted name within the package → file; a package's is its `__init__`."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = list(path.relative_to(package).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        modules[".".join(parts)] = path
    return modules


def imports_of(source: str, module: str, *, is_package: bool = False) -> list[tuple[int, str]]:
    """Return line and name of every import from jacmagic, of any kind."""
    here = ["jacmagic", *module.split("."), *(["__init__"] if is_package else [])]
    imports = []
    for node in ast.walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: -node.level]] if node.level else []
            names = [".".join([*base, *filter(None, [node.module]), a.name]) for a in node.names]
        elif isinstance(node, ast.Call):
            names = dynamic_import(node)
        imports += [
            (getattr(node, "lineno", 0), name.partition(".")[2] or "__init__")
            for name in names
            if name.split(".")[0] == "jacmagic"
        ]
    return imports


def dynamic_import(node: ast.Call) -> list[str]:
    """Return the module named by `importlib.import_module("…")` or `__import__("…")`."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    literal = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    is_import = name in {"import_module", "__import__"} and isinstance(literal, str)
    return [literal] if is_import else []  # type: ignore[list-item] # checked to be a string


def upward(
    source: str, module: str, layers: Mapping[str, int], *, is_package: bool = False
) -> list[str]:
    """Return the imports of a module that do not go strictly down, each as one line."""
    mine = module.split(".")[0]
    if mine not in layers:
        return [f"{module} is in no row of {PAGE.name}"]
    wrong = []
    for line, name in imports_of(source, module, is_package=is_package):
        other = name.split(".")[0]
        if other not in layers:
            if mine != "__init__":
                wrong.append(f"{module}:{line} imports {name}, which is in no row")
        elif other != mine and layers[other] >= layers[mine]:
            wrong.append(f"{module}:{line} imports {name}: layer {layers[mine]} to {layers[other]}")
    return wrong


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of one import circle in order, or an empty list."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph.get(module, ())):
            if path := visit(other, [*way, module]):
                return path
        done.add(module)
        return []

    return next(filter(None, (visit(module, []) for module in sorted(graph))), [])


LAYERS = read_layers(PAGE.read_text(encoding="utf-8"))
MODULES = modules_of(PACKAGE)


def source_of(module: str) -> tuple[str, bool]:
    """Return the text of a module, and whether it is a package's `__init__`."""
    path = MODULES[module]
    return path.read_text(encoding="utf-8"), path.name == "__init__.py" and module != "__init__"


def import_graph() -> Iterator[tuple[str, set[str]]]:
    """Yield every module with the modules that it imports, and the packages these are in."""
    for module in MODULES:
        source, is_package = source_of(module)
        targets = set()
        for _, name in imports_of(source, module, is_package=is_package):
            while name and name not in MODULES:
                name = name.rpartition(".")[0]
            targets.add(name or "__init__")
            parts = name.split(".")
            packages = {".".join(parts[:depth]) for depth in range(1, len(parts))}
            targets |= {one for one in packages if not module.startswith(f"{one}.")}
        yield module, targets - {module}


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_strictly_down(module: str) -> None:
    """Every import of every module leads to a lower layer or stays in its package."""
    source, is_package = source_of(module)
    assert upward(source, module, LAYERS, is_package=is_package) == []


def test_there_is_no_import_circle() -> None:
    """No module imports itself by way of others, not even lazily or for types."""
    assert circle(dict(import_graph())) == []


def test_numbers_and_formulas_are_independent() -> None:
    """Both sources of a Jacobian are on one layer: neither may import the other."""
    assert len({LAYERS[name] for name in INDEPENDENT}) == 1


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_docstring(module: str) -> None:
    """A module begins with a docstring whose first paragraph is a full thought."""
    docstring = ast.get_docstring(ast.parse(source_of(module)[0]))
    assert docstring
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":", "?"))


@pytest.mark.parametrize("module", MODULES)
def test_names_say_what_a_module_holds(module: str) -> None:
    """No module is called utils or the like."""
    assert not EMPTY_NAMES & set(module.split("."))


def test_no_module_is_named_like_a_public_function() -> None:
    """No module has a public name, so that `jacmagic.jacobian` is the function."""
    import jacmagic

    assert jacmagic.__all__
    assert {module.split(".")[0] for module in MODULES} & set(jacmagic.__all__) == set()


def test_the_table_names_every_package_within_a_package() -> None:
    """A newcomer finds each folder of the code in the table, in the row of its package."""
    rows = dict(re.findall(r"^\| *\d+ *\| *`(\w+)/` *\|(.*)$", PAGE.read_text(), re.M))
    inner = [path.parent.relative_to(PACKAGE) for path in PACKAGE.glob("*/*/__init__.py")]
    assert inner
    assert [str(one) for one in inner if f"`{one.name}/`" not in rows[one.parts[0]]] == []


def test_the_table_is_complete_and_small() -> None:
    """The table names exactly what exists: eight packages, and at most five modules."""
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert set(LAYERS) == packages | modules
    assert len(packages) == 8
    assert len(modules) <= 5


# That the checks above can fail.

SAMPLE = {"errors": 0, "graph": 1, "numeric": 3, "symbolic": 3, "result": 5, "__init__": 8}
FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("graph", "from jacmagic.result import Jacobian"),
        ("graph.nodes", "from ..result import Jacobian"),
        ("graph.nodes", "import jacmagic.result"),
        ("graph", "from jacmagic import result"),
        ("graph", "def late():\n    from jacmagic.result import Jacobian"),
        ("graph", "import importlib\nimportlib.import_module('jacmagic.result')"),
        ("graph", "from jacmagic import jacobian"),
        ("graph", "from jacmagic.attic import thing"),
        ("graph", FOR_TYPES + "from jacmagic.result import Jacobian"),
        ("numeric", "from jacmagic.symbolic import trace"),
        ("symbolic.trace", "def late():\n    from jacmagic.numeric.modes import choose"),
        ("numeric", FOR_TYPES + "from jacmagic.result import Jacobian"),
        ("attic", "x = 1"),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    """Every kind of import up or sideways is noticed."""
    assert len(upward(source, module, SAMPLE)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("result", "from jacmagic.graph import Graph\nfrom .numeric import compute"),
        ("graph.nodes", "from .operations import OPERATIONS\nfrom ..errors import JacmagicError"),
        ("__init__", "from .result import Jacobian"),
        ("graph", "import torch"),
    ],
)
def test_a_downward_import_is_allowed(module: str, source: str) -> None:
    """Imports from below, from the package itself and from outside are fine."""
    assert upward(source, module, SAMPLE) == []


def test_a_package_reads_its_own_relative_imports() -> None:
    """In an `__init__` file one dot means the package itself."""
    source = "from .tape import write_tape\nfrom ..result import Jacobian"
    assert upward(source, "graph", SAMPLE, is_package=True) == [
        "graph:2 imports result.Jacobian: layer 1 to 5"
    ]


def test_a_circle_is_found() -> None:
    """A circle through several modules is given in order; a diamond is none."""
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []
