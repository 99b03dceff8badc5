"""Live views as parts of a larger page, which needs no kernel and no network.

A page has each fragment where the view belongs, and once, at its end, the script. Until that has
run, and where none may run, the fragment shows the still form.
"""

from __future__ import annotations

from jacmagic.view import export
from jacmagic.view.export import Live

_FRAGMENT = """\
<div class="jm-embedded" data-jm-kind="{kind}">
<div class="jm-embedded-still">{still}</div>
<script type="application/json">{data}</script>
</div>"""


def fragment(live: Live, kind: str) -> str:
    """Return a live view as HTML for a page with the script of its kind.

    Args:
        live: the view.
        kind: names its front end; letters.
    """
    return _FRAGMENT.format(kind=kind, still=live.still, data=export.data_of(live))


def script(front_end: str, kind: str) -> str:
    """Return the script that starts all fragments of a kind on a page; it is not a module.

    A page that is opened as a file may load a script from another file, but no module.

    Args:
        front_end: the view's ES module.
        kind: as in `fragment`.
    """
    hosted = export.hosted(front_end, "startEmbedded", f'"{kind}"')
    return f'(() => {{\n"use strict";\n{hosted}}})();\n'
