"""The house keeps its plan: floors, separate roads, named and documented rooms, small files.

The plan is two tables in `docs/explanation/architecture.md`: the floors, and the few doors that
lead upwards. There is no second copy of it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "jacmagic"
PLAN = ROOT / "docs" / "explanation" / "architecture.md"
ROADS = ("numeric", "trace")
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
LONGEST = 280
ALLOWANCE = 120  # lines beyond LONGEST before a file is refused and not only reported


@dataclass(frozen=True)
class Plan:
    """Room → floor, and the doors (from, to, "function" or "types") that may lead upwards."""

    floors: dict[str, int]
    doors: frozenset[tuple[str, str, str]] = frozenset()

    def room(self, module: str) -> str | None:
        """Return the room that a module, or a name in it, belongs to."""
        first = module.split(".")[0]
        return first if first in self.floors else None


@dataclass(frozen=True)
class Import:
    """One import of something in jacmagic: where it stands, what it names and how it is done."""

    line: int
    name: str
    options: str  # "module", "function" (only when called) or "types" (never at run time)


def read_plan(text: str) -> Plan:
    """Return the rows `| 3 | `numeric/` | … |` and `| `result` | `explorer` | function | … |`."""
    floors = {
        name.rstrip("/"): int(floor)
        for floor, rooms in re.findall(r"^\| *(\d+) *\| *(.+?) *\|", text, flags=re.MULTILINE)
        for name in re.findall(r"`([\w/]+)`", rooms)
    }
    doors = re.findall(r"^\| *`(\w+)` *\| *`(\w+)` *\| *(function|types) *\|", text, re.MULTILINE)
    return Plan(floors, frozenset(doors))


def modules_of(package: Path) -> dict[str, Path]:
    """Dotted name within the package → file, `__init__` files under their folder's name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = list(path.relative_to(package).with_suffix("").parts)
        if parts[-1] == "__init__" and len(parts) > 1:
            parts.pop()
        found[".".join(parts)] = path
    return found


def walk(node: ast.AST, options: str = "module") -> Iterator[tuple[ast.AST, str]]:
    """Every node with how its code runs: with the module, in a function, or for types only."""
    for child in ast.iter_child_nodes(node):
        inner = options
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            inner = "function"
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            inner = "types"
        yield child, inner
        yield from walk(child, inner)


def imports_of(source: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Every import from jacmagic in a module: absolute, relative, lazy and dynamic ones."""
    here = ["jacmagic", *module.split(".")]
    if is_package:
        here.append("__init__")
    found = []
    for node, options in walk(ast.parse(source)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (
                ".".join([*here[: -node.level], node.module or ""]) if node.level else node.module
            )
            base = (base or "").rstrip(".")
            # `from jacmagic import text` names a room only in its last part
            names = [f"{base}.{a.name}" for a in node.names] if base == "jacmagic" else [base]
        elif isinstance(node, ast.Call):
            names = dynamic_import(node)
        found += [
            Import(getattr(node, "lineno", 0), name.partition(".")[2] or "__init__", options)
            for name in names
            if name.split(".")[0] == "jacmagic"
        ]
    return found


def dynamic_import(node: ast.Call) -> list[str]:
    """Return the module named by `importlib.import_module("…")` or `__import__("…")`."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    literal = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    known = name in {"import_module", "__import__"} and isinstance(literal, str)
    return [literal] if known else []  # type: ignore[list-item] # known says it is a string


def climbs(source: str, module: str, plan: Plan, *, is_package: bool = False) -> list[str]:
    """The imports of a module that neither go strictly down nor use a door, each as one line."""
    mine = plan.room(module)
    if mine is None:
        return [f"{module} is in no row of {PLAN.name}"]
    wrong = []
    for found in imports_of(source, module, is_package=is_package):
        other = plan.room(found.name)
        if other is None:
            if mine != "__init__":
                wrong.append(f"{module}:{found.line} imports {found.name}, which is in no row")
        elif (
            other != mine
            and plan.floors[other] >= plan.floors[mine]
            and (mine, other, found.options) not in plan.doors
        ):
            floors = f"floor {plan.floors[mine]} to floor {plan.floors[other]}"
            wrong.append(f"{module}:{found.line} imports {found.name}, {floors}")
    return wrong


def roads_crossed(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Return the imports by which one road would know the other."""
    first = module.split(".")[0]
    if first not in ROADS:
        return []
    other = ROADS[1 - ROADS.index(first)]
    imports = imports_of(source, module, is_package=is_package)
    return [f"{module}:{i.line} imports {i.name}" for i in imports if i.name.split(".")[0] == other]


THE_PLAN = read_plan(PLAN.read_text(encoding="utf-8"))
MODULES = modules_of(PACKAGE)


def source_of(module: str) -> tuple[str, bool]:
    """Return the text of a module, and whether it is a package's `__init__`."""
    path = MODULES[module]
    return path.read_text(encoding="utf-8"), path.name == "__init__.py" and module != "__init__"


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_strictly_down(module: str) -> None:
    """Every import of every module leads to a lower floor, or through a door of the plan."""
    source, is_package = source_of(module)
    assert climbs(source, module, THE_PLAN, is_package=is_package) == []


@pytest.mark.parametrize("module", MODULES)
def test_the_two_roads_never_meet(module: str) -> None:
    """The numeric road and the closed-form road stay independent witnesses."""
    source, is_package = source_of(module)
    assert roads_crossed(source, module, is_package=is_package) == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    """A module begins with a docstring whose first paragraph is a full thought."""
    docstring = ast.get_docstring(ast.parse(source_of(module)[0]))
    assert docstring
    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":", "?"))


@pytest.mark.parametrize("module", MODULES)
def test_names_say_what_a_module_holds(module: str) -> None:
    """No module is called utils or the like."""
    assert not EMPTY_NAMES & set(module.split("."))


def test_no_module_is_named_like_a_public_function() -> None:
    """`jacmagic.jacobian` stays the function: no module or folder takes a public name."""
    import jacmagic

    rooms = {module.split(".")[0] for module in MODULES}
    assert jacmagic.__all__
    assert rooms & set(jacmagic.__all__) == set()


def test_files_stay_small(record_property: pytest.RecordProperty) -> None:
    """A file much longer than 280 lines hides two ideas; what lies between is reported."""
    lengths = {name: len(source_of(name)[0].splitlines()) for name in MODULES}
    long = {name: length for name, length in lengths.items() if length > LONGEST}
    record_property("long_files", long)
    print(f"longer than {LONGEST} lines: {long}")
    assert {name: n for name, n in long.items() if n > LONGEST + ALLOWANCE} == {}


def test_the_plan_names_only_what_exists() -> None:
    """Every room of the plan exists, and every door upwards is used."""
    rooms = {module.split(".")[0] for module in MODULES}
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert set(THE_PLAN.floors) - rooms - folders == set()
    used = {
        (module.split(".")[0], found.name.split(".")[0], found.options)
        for module in MODULES
        for found in imports_of(source_of(module)[0], module, is_package=source_of(module)[1])
    }
    assert THE_PLAN.doors - used == set()


# That the checks above can fail.

SAMPLE = Plan(
    {"errors": -1, "graph": 0, "numeric": 3, "trace": 3, "result": 5, "view": 6, "__init__": 8},
    frozenset({("result", "view", "function"), ("numeric", "result", "types")}),
)
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
        ("numeric", "from jacmagic.symbolic.trace import trace"),
        ("numeric", "from jacmagic.result import Jacobian"),
        ("result", "from jacmagic.view import View"),
        ("attic", "x = 1"),
    ],
)
def test_a_climbing_import_is_found(module: str, source: str) -> None:
    """Absolute, relative, lazy, typing and dynamic imports up or sideways are all noticed."""
    assert len(climbs(source, module, SAMPLE)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("result", "from jacmagic.symbolic.graph import Graph\nfrom .numeric import compute"),
        ("graph.nodes", "from .operations import OPERATIONS\nfrom ..errors import JacmagicError"),
        ("__init__", "from .result import Jacobian"),
        ("graph", "import torch"),
        ("result", "def explore():\n    from jacmagic.view import View"),
        ("numeric", FOR_TYPES + "from jacmagic.result import Jacobian"),
    ],
)
def test_a_descending_import_is_allowed(module: str, source: str) -> None:
    """Imports from below, from the same room, from other packages and through doors are fine."""
    assert climbs(source, module, SAMPLE) == []


def test_a_package_reads_its_own_relative_imports() -> None:
    """In an `__init__` file one dot means the room itself."""
    source = "from .tape import write_tape\nfrom ..result import Jacobian"
    assert climbs(source, "graph", SAMPLE, is_package=True) == [
        "graph:2 imports result, floor 0 to floor 5"
    ]


def test_crossed_roads_are_found() -> None:
    """Either road importing the other is noticed, lazily too."""
    lazy = "def late():\n    from jacmagic.numeric.modes import choose"
    assert roads_crossed(lazy, "trace.mode") == ["trace.mode:2 imports numeric.modes"]
    assert roads_crossed("from ..trace import trace", "numeric.modes") != []
    assert roads_crossed("from ..graph import Graph", "numeric.modes") == []


def test_the_plan_is_read_from_its_tables() -> None:
    """Rows of rooms and of doors are told apart, and trailing slashes are dropped."""
    text = "| 1 | `notebook/cell/`, `text` | x |\n| 5 | `result` | y |\n| `result` | `view` | function | z |\n"
    plan = read_plan(text)
    assert plan.floors == {"cell": 1, "text": 1, "result": 5}
    assert plan.doors == {("result", "view", "function")}
