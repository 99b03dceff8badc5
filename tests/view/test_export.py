"""The exported page as a file: its data, its policy, hostile texts."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import struct
import subprocess
from html.parser import HTMLParser

import ipywidgets
import nbformat
import pytest
import torch
import traitlets
from ipywidgets.embed import embed_minimal_html
from nbclient import NotebookClient

import jacmagic
from jacmagic.view import export
from jacmagic.view.explorer.traits import JacobianView

F64 = torch.float64
HOSTILE = "</script><script>alert(1)</script><!--\u2028<img src=x onerror=alert(1)>"


def f(x1, x2, x3):
    """Return the worked example."""
    return (x1 + x2, x3 * x1, x2**3)


def seed() -> jacmagic.Jacobian:
    """Return the worked example's Jacobian."""
    return jacmagic.jacobian(f, tuple(torch.tensor(v, dtype=F64) for v in (3, 4, 5)))


class Page(HTMLParser):
    """A parsed page: elements with their attributes, scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.insides: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        """Remember an element."""
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        """Remember the text of a script, style or title."""
        if self.elements and self.elements[-1][0] in ("script", "style", "title"):
            self.insides.append((self.elements[-1][0], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a kind."""
        return [attributes for found, attributes in self.elements if found == tag]

    def inside(self, tag: str) -> list[str]:
        """Return the texts of a kind of element that are not blank."""
        return [data for found, data in self.insides if found == tag and data.strip()]

    @property
    def packed(self) -> dict[str, str]:
        """The texts that the first script unpacks: style, script and data."""
        return json.loads(gzip.decompress(base64.b64decode(self.inside("script")[0])))

    @property
    def data(self) -> dict:
        """The JSON that the page carries."""
        return json.loads(self.packed["data"])

    @property
    def policy(self) -> dict[str, list[str]]:
        """The content security policy: sources by directive."""
        content = next(a["content"] for a in self.all("meta") if "http-equiv" in a)
        return {part.split()[0]: part.split()[1:] for part in content.split(";")}


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> str:
    """Return the seed's page."""
    return seed().save_html(tmp_path_factory.mktemp("page") / "seed.html").read_text("utf-8")


# ── what it is ────────────────────────────────────────────────────────────────────────────────


def test_the_path_is_returned(tmp_path):
    """`save_html` returns the path it wrote, from the Jacobian and from its explorer."""
    J = seed()
    assert J.save_html(str(tmp_path / "a.html")) == tmp_path / "a.html"
    assert J.explore().save_html(tmp_path / "b.html") == tmp_path / "b.html"
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_page_is_small(text):
    """The seed's page, with its pictures and code, is at most 100 kB."""
    assert len(text.encode()) <= 100_000


def test_nothing_is_loaded_from_elsewhere(text):
    """No element names an address but an empty icon, and no style does."""
    found = Page(text)
    links = [
        value
        for _, attributes in found.elements
        for name, value in attributes.items()
        if name in {"src", "href", "action", "data", "srcset", "poster"}
    ]
    assert links == ["data:,"]
    assert not any(re.search(r"url\(|@import", style) for style in found.inside("style"))
    script = found.inside("script")[1] + found.packed["script"]
    script = re.sub(r"/\*.*?\*/", "", script, flags=re.S)  # types in comments name imports
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|\bimport\b|\beval\(", script)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|new Function", script)


def test_the_policy_allows_these_scripts_and_styles_only(text):
    """Each inline script and style is in the policy by its hash, and nothing else is."""
    found = Page(text)
    scripts = [*found.inside("script")[1:], found.packed["script"]]
    styles = [*found.inside("style"), found.packed["style"]]
    assert [a["type"] for a in found.all("script")] == ["text/plain", "module"]
    assert found.policy == {
        "default-src": ["'none'"],
        "script-src": [hashed(script) for script in scripts],
        "style-src": [hashed(style) for style in styles],
        "img-src": ["data:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    assert (len(scripts), len(styles)) == (2, 4)


def hashed(inline: str) -> str:
    """Return a source of a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def test_no_element_has_a_style_or_a_handler(text):
    """The policy would not allow either."""
    names = {name for _, attributes in Page(text).elements for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}


def test_colours_of_the_still_table_become_rules(text):
    """Where a style attribute stood there is a number, and a rule for it."""
    cells = [a for a in Page(text).all("td") if "data-jm" in a]
    rules = next(style for style in Page(text).inside("style") if "data-jm" in style)
    assert len(cells) == 5
    for cell in cells:
        assert f'#jm-still [data-jm="{cell["data-jm"]}"]{{background:rgba(25,118,210' in rules


def test_everything_the_view_reads_travels(text):
    """All synchronised traits of the view but its code, the bytes among them."""
    data = Page(text).data
    own = {name for name, t in JacobianView.class_own_traits().items() if t.metadata.get("sync")}
    carried = set(data["state"]) | {path[0] for path, _ in data["buffers"]}
    assert carried == own - {"_esm", "_css"}
    packed = {path[0]: content for path, content in data["buffers"]}["values"]
    assert struct.unpack("<9d", base64.b64decode(packed)) == (1, 1, 0, 5, 0, 3, 0, 48, 0)


def test_sliders_travel_with_their_ranges():
    """A slider that was moved or given another range is saved as it stands."""
    explorer = seed().explore(ranges={"x3": (0, 8, 0.5)})
    explorer.sliders[0].value = 4
    explorer.sliders[1].max = 100
    page = Page(export.page(live_of(explorer)))
    first, second, third = page.data["sliders"]
    assert first == {"description": "x₁", "value": 4, "min": -3, "max": 9, "step": first["step"]}
    assert (second["value"], second["max"]) == (4, 100)
    assert (third["min"], third["max"], third["step"]) == (0, 8, 0.5)
    assert page.data["state"]["chooser"] is False
    assert page.data["state"]["handles"] == [0, 1, 2]
    assert page.data["state"]["sliders"] == [f"IPY_MODEL_s{k}" for k in range(3)]


def live_of(explorer):
    """Return what an explorer gives to the page."""
    kept = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "save", lambda path, live, title: kept.update(live=live))
        explorer.save_html("unused.html")
    return kept["live"]


def test_all_of_many_components_travel():
    """Above 24 components each has a slider in the page, with a chooser."""
    explorer = jacmagic.jacobian(lambda x: (x**2).sum(), torch.ones(30, dtype=F64)).explore()
    explorer.chooser.value = 7
    explorer.sliders[0].value = 2
    data = Page(export.page(live_of(explorer))).data
    assert data["state"]["chooser"] is True
    assert [slider["value"] for slider in data["sliders"]] == [1] * 7 + [2] + [1] * 22
    assert [slider["description"] for slider in data["sliders"]][::29] == ["x₀", "x₂₉"]


def test_the_same_page_twice(tmp_path):
    """A page depends on nothing but what it shows: no time, no name of a widget."""
    pages = [seed().save_html(tmp_path / name).read_bytes() for name in ("a.html", "b.html")]
    assert pages[0] == pages[1]


def test_the_still_form_is_in_the_page(text):
    """Without scripts there are the derivation and the table."""
    still = text.partition('<div id="jm-still" class="jm-embedded-still">')[2].partition(
        "<footer>"
    )[0]
    assert "<math" in still
    assert ">48</td>" in still
    assert "<noscript>" in still


def test_titles(tmp_path, text):
    """The tab has the function's name, or a title, which is a heading too."""
    assert Page(text).inside("title") == ["Jacobian of f"]
    assert '<h1 class="jm-hidden">Jacobian of f</h1>' in text
    named = seed().save_html(tmp_path / "a.html", title="Week 3: <f> & g").read_text("utf-8")
    assert "<title>Week 3: &lt;f&gt; &amp; g</title>" in named
    assert "<h1>Week 3: &lt;f&gt; &amp; g</h1>" in named


def test_nothing_stays_open(tmp_path):
    """A kernel keeps no widget of a page that was only written."""
    before = len(ipywidgets.widgets.widget._instances)
    seed().save_html(tmp_path / "a.html")
    assert len(ipywidgets.widgets.widget._instances) == before


# ── what no text can do ───────────────────────────────────────────────────────────────────────


def test_hostile_names_stay_text(tmp_path):
    """Names and titles with markup in them add no element."""

    def named(x):
        return {HOSTILE: x**2, "b": x}

    def tame_one(x):
        return {"a": x**2, "b": x}

    named.__name__ = named.__qualname__ = named.__doc__ = HOSTILE
    J = jacmagic.jacobian(named, torch.tensor(1.0, dtype=F64), names=[HOSTILE])
    plain = jacmagic.jacobian(tame_one, torch.tensor(1.0, dtype=F64))
    hostile = J.save_html(tmp_path / "a.html", title=HOSTILE).read_text("utf-8")
    tame = plain.save_html(tmp_path / "b.html", title="t").read_text("utf-8")
    names = [
        [tag for tag, _ in Page(page).elements if tag in {"script", "img", "style", "meta"}]
        for page in (hostile, tame)
    ]
    assert names[0] == names[1]
    assert Page(hostile).data["sliders"][0]["description"] == J.columns[0].unicode
    assert "alert" in hostile


class Odd(ipywidgets.DOMWidget):
    """A view with whatever state."""

    content = traitlets.Any().tag(sync=True)
    packed = traitlets.Bytes(b"\x01\x02").tag(sync=True)
    untold = traitlets.Any("not synchronised")


def page_of(content: object, **changes) -> str:
    """Return a page of a view with one value in its state."""
    given = {
        "view": Odd(content=content),
        "changes": {},
        "sliders": [],
        "front_end": "const render = () => {};\nexport default { render };\n",
        "style": "",
        "still": "",
        "title": "t",
    }
    return export.page(export.Live(**{**given, **changes}))


@pytest.mark.parametrize(
    "content",
    [
        "</script>",
        "</SCRIPT >",
        "<!-- <script>",
        "\u2028\u2029",
        "\ud800 half a pair",
        'quotes " and \\ and \x00 and \x7f',
        {"</script>": ["<!--", {"deep": "</Script"}]},
    ],
)
def test_any_state_arrives_as_it_was(content):
    """Any content of the state comes back from the JSON, and ends no element."""
    found = Page(page_of(content).encode("utf-8").decode("utf-8"))
    assert found.data["state"]["content"] == content
    assert not re.search("[<\u2028\u2029]", found.packed["data"])
    assert [tag for tag, _ in found.elements].count("script") == 2


def test_numbers_that_json_cannot_write():
    """Nan and infinities are written by their JavaScript names."""
    data = Page(page_of({"a": [float("nan"), 1.5], "b": float("inf")})).data
    assert data["state"]["content"] == {"a": ["NaN", 1.5], "b": "Infinity"}


def test_only_synchronised_traits_travel():
    """Neither the framework's traits nor what stays in Python, and bytes as base64."""
    data = Page(page_of("x")).data
    assert set(data["state"]) == {"content", "sliders"}
    assert data["buffers"] == [[["packed"], "AQI="]]


def test_styles_in_the_still_form():
    """Style attributes in tags become rules, if their characters are harmless."""
    still = (
        '<td style="color:red">a style="color:blue"</td>'
        '<td title="t" style="color:red">b</td><td style="x:url(\'y\')}">c</td>'
    )
    page = page_of("", still=still)
    assert '<td data-jm="0">a style="color:blue"</td><td title="t" data-jm="0">b</td>' in page
    assert "<td>c</td>" in page
    assert Page(page).inside("style")[0] == '#jm-still [data-jm="0"]{color:red}'


# ── the code in it ────────────────────────────────────────────────────────────────────────────


def test_the_script_is_one_module(text, tmp_path):
    """The joined code is a module that node can read."""
    module = tmp_path / "page.mjs"
    module.write_text(Page(text).packed["script"], "utf-8")
    assert subprocess.run(["node", "--check", module], capture_output=True).stderr == b""


# ── errors ────────────────────────────────────────────────────────────────────────────────────


def test_a_path_that_cannot_be_written(tmp_path):
    """One line says what was expected, what was found and what to write."""
    with pytest.raises(jacmagic.PageError, match=r"expected a file .*; found .*; write the name"):
        seed().save_html(tmp_path / "nowhere" / "page.html")
    with pytest.raises(OSError, match="directory"):
        seed().save_html(tmp_path)


# ── other pages ───────────────────────────────────────────────────────────────────────────────


def test_embedding_by_ipywidgets(tmp_path):
    """`embed_minimal_html` keeps the view's code, its traits and its sliders."""
    explorer = seed().explore()
    path = tmp_path / "x.html"
    embed_minimal_html(path, views=[explorer], title="x")
    found = re.search(
        r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>',
        path.read_text("utf-8"),
        flags=re.S,
    )
    state = json.loads(found[1])["state"]
    complete(state, explorer.model_id)


def complete(models: dict, explorer: str) -> None:
    """Check that a page's widget state holds an explorer's whole view and sliders."""
    (child,) = models[explorer]["state"]["children"]
    view = models[child.removeprefix("IPY_MODEL_")]
    assert view["model_module"] == "anywidget"
    held = set(view["state"]) | {buffer["path"][0] for buffer in view["buffers"]}
    own = {name for name, t in JacobianView.class_own_traits().items() if t.metadata.get("sync")}
    assert own <= held
    assert {"_view_name", "_view_module", "_anywidget_id"} <= held
    references = [name.removeprefix("IPY_MODEL_") for name in view["state"]["sliders"]]
    assert len(references) == 3
    assert set(references) <= set(models)


def test_a_run_notebook_keeps_its_widgets(tmp_path):
    """A notebook that nbclient has run holds the explorer's whole state."""
    cells = [
        "%load_ext jacmagic",
        "%%jacobian x1=3 x2=4 x3=5\ndef f(x1, x2, x3):\n    return (x1 + x2, x3*x1, x2**3)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    state = notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    still, live = (output["data"] for output in notebook.cells[1].outputs)
    assert set(still) == {"text/html", "text/latex", "text/plain"}
    assert live["text/plain"] == ""
    complete(state, live["application/vnd.jupyter.widget-view+json"]["model_id"])
