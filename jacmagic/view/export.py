"""Export of a live view as one HTML file, or as a part of a larger page.

Neither needs a kernel or a network. A larger page has each fragment where the view belongs, and
once, at its end, the script; a file has one fragment, and unpacks its script.

The page runs the same front end as a notebook, driven by `static/host.mjs`. This module knows no
result object: it reads the traits of a view, and gets everything else as plain data. Until the
script has started, and where none may run, the page shows the still form.

Its content security policy allows these scripts and styles by their hashes, and nothing else. Code,
style and data are compressed and unpacked by `static/unpack.mjs`; what that puts into the page has
to pass the same policy. The user's texts travel as JSON without a "<".
"""

from __future__ import annotations

import gzip
import json
import math
import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from ipywidgets import DOMWidget, Widget
from ipywidgets.widgets.widget import _remove_buffers

from jacmagic.view.files import write

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="jacmagic">
<title>{title}</title>
<link rel="icon" href="data:,">
{styles}
</head>
<body>
<main class="jm-page">
<h1{hidden}>{title}</h1>
<div class="jm-embedded" data-jm-kind="page">
<div id="jm-still" class="jm-embedded-still">
<noscript><p>Scripts are off: these are the numbers of one point.</p></noscript>
{still}
</div>
</div>
<footer>made with jacmagic</footer>
</main>
<script type="text/plain" id="jm-packed">{packed}</script>
<script type="module">{first}</script>
</body>
</html>
"""
_FRAGMENT = """\
<div class="jm-embedded" data-jm-kind="{kind}">
<div class="jm-embedded-still">{still}</div>
<script type="application/json">{data}</script>
</div>"""
_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {styles}; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Live:
    """A live view and its still form, to be written as a page.

    Attributes:
        view: the widget whose traits the view reads.
        changes: traits that are others in the page.
        sliders: for each component its description, value, min, max and step.
        front_end: the view's ES module, with `export default { render };`.
        style: its style sheet.
        still: the same as static HTML; texts in it are escaped.
        title: what the view shows, such as "Jacobian of f".
    """

    view: Widget
    changes: Mapping[str, Any]
    sliders: Sequence[Mapping[str, Any]]
    front_end: str
    style: str
    still: str
    title: str


def save(path: str | os.PathLike[str], live: Live, *, title: str | None = None) -> Path:
    """Write a page; see `Jacobian.save_html`. A title is the heading, and that of the tab.

    Raises:
        PageError: the file cannot be written.
    """
    return write(path, page(live, title))


def page(live: Live, title: str | None = None) -> str:
    """Return the page as text; see `save`."""
    still, styles = _without_styles(live.still)
    styles = [*styles, _asset("page.css")]
    first, script = _asset("unpack.mjs"), _hosted(live.front_end, "page")
    packed = {"style": live.style, "script": script, "data": data_of(live)}
    return _PAGE.format(
        policy=_POLICY.format(
            scripts=_hashes([first, script]), styles=_hashes([*styles, live.style])
        ),
        title=escape(title or live.title),
        hidden="" if title else ' class="jm-hidden"',
        styles="\n".join(f"<style>{style}</style>" for style in styles),
        still=still,
        packed=_packed(packed),
        first=first,
    )


def fragment(live: Live, kind: str) -> str:
    """Return a live view as HTML for a page with the script of its kind.

    Args:
        live: the view.
        kind: names its front end; letters.
    """
    return _FRAGMENT.format(kind=kind, still=live.still, data=data_of(live))


def script_of(front_end: str, kind: str) -> str:
    """Return the script that starts all fragments of a kind on a page; it is not a module.

    A page that is opened as a file may load a script from another file, but no module.

    Args:
        front_end: the view's ES module.
        kind: as in `fragment`.
    """
    return f'(() => {{\n"use strict";\n{_hosted(front_end, kind)}}})();\n'


# ── data ──────────────────────────────────────────────────────────────────────────────────────


def data_of(live: Live) -> str:
    """Return traits and sliders as JSON that cannot end the element that contains it."""
    state, paths, buffers = _remove_buffers({**_traits(live.view), **live.changes})
    state["sliders"] = [f"IPY_MODEL_s{k}" for k in range(len(live.sliders))]
    carried = {
        "state": state,
        "buffers": [
            [path, b64encode(bytes(data)).decode()]
            for path, data in zip(paths, buffers, strict=True)
        ],
        "sliders": [dict(slider) for slider in live.sliders],
    }
    return json.dumps(_finite(carried), separators=(",", ":"), allow_nan=False).replace(
        "<", r"\u003c"
    )


def _packed(parts: Mapping[str, str]) -> str:
    """Return texts as base64 of gzip, the same for the same texts."""
    text = json.dumps(parts, separators=(",", ":"))
    return b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


_WORDS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _traits(view: Widget) -> dict[str, Any]:
    """Return the synchronised traits of a widget but the framework's own."""
    framework = DOMWidget.class_trait_names(sync=True)
    names = [name for name in view.keys if name[0] != "_" and name not in framework]
    return dict(view.get_state(names))


def _finite(value: Any) -> Any:
    """Replace nan and infinities, which JSON lacks, by their JavaScript names."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _WORDS[str(value)]
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


# ── code and styles ───────────────────────────────────────────────────────────────────────────


def _hosted(front_end: str, kind: str) -> str:
    """Return front end and host as one script; a block separates their names."""
    view = re.sub(r"^export default .*$", "", front_end, flags=re.M)
    host = re.sub(r"^export ", "", _asset("host.mjs"), flags=re.M)
    return f'{view}\n{{\n{host}\nstart(document, render, "{kind}");\n}}\n'


_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_INLINE = re.compile(r'\sstyle="([^"]*)"')
_HARMLESS = re.compile(r"[\w\s:;.,()%#-]*")


def _without_styles(still: str) -> tuple[str, list[str]]:
    """Return a still form without styles, and the sheets that replace them.

    A policy allows no `style` attribute: each is replaced by a number that a rule of a sheet knows.
    Texts in the still form are escaped, so "<" begins a tag and a quotation mark ends a value.
    """
    sheets = re.findall(r"<style>(.*?)</style>", still, flags=re.S)
    still = re.sub(r"<style>.*?</style>", "", still, flags=re.S)
    numbers: dict[str, int] = {}

    def numbered(style: re.Match[str]) -> str:
        if not _HARMLESS.fullmatch(style[1]):
            return ""
        return f' data-jm="{numbers.setdefault(style[1], len(numbers))}"'

    still = _TAG.sub(lambda tag: _INLINE.sub(numbered, tag[0]), still)
    rules = "\n".join(
        f'#jm-still [data-jm="{number}"]{{{rule}}}' for rule, number in numbers.items()
    )
    return still, [*sheets, *([rules] if rules else [])]


def _hashes(texts: Sequence[str]) -> str:
    return " ".join(
        f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts
    )


@cache
def _asset(name: str) -> str:
    return (files("jacmagic") / "view" / "static" / name).read_text(encoding="utf-8")


# ── closing ───────────────────────────────────────────────────────────────────────────────────


def parts(widget: Widget) -> list[Widget]:
    """Return the open widgets among a widget and its parts, each once."""
    widgets, waiting = {id(widget): widget}, [widget]
    while waiting:
        part = waiting.pop()
        for name in part.keys:
            value = getattr(part, name)
            for child in value if isinstance(value, list | tuple) else [value]:
                if (
                    isinstance(child, Widget)
                    and child.comm is not None
                    and id(child) not in widgets
                ):
                    widgets[id(child)] = child
                    waiting.append(child)
    return [part for part in widgets.values() if part.comm is not None]


def close(widget: Widget) -> None:
    """Close a widget and all its parts, so that a kernel keeps none of them."""
    for part in parts(widget):
        part.close()
