"""Worksheets to be printed, one for each variant, and their key as a file of its own."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from jacmagic.render.mathml import to_mathml
from jacmagic.view.exercise import worksheet
from jacmagic.view.exercise.question import Question
from jacmagic.view.exercise.question_set import QuestionSet
from jacmagic.view.exercise.solutions import solution_tex
from jacmagic.view.files import write

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="jacmagic">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
{sheets}
</main>
</body>
</html>
"""
_STYLE = """\
:root{color-scheme:light}
body{font:12pt/1.5 system-ui,sans-serif;color:#111;background:#fff;margin:0}
main{max-width:46rem;margin:0 auto;padding:1rem}
.sheet{padding:1rem 0 2rem;border-bottom:1px solid #bbb}
.sheet:last-child{border:0}
.who{display:flex;flex-wrap:wrap;gap:1rem 2rem;margin:0 0 1.5rem}
.who span{flex:1 1 14rem;border-bottom:1px solid #555;padding-bottom:.2rem}
.who span.short{flex:0 1 10rem}
h1{font-size:1.15rem;margin:0 0 1rem}
ol{list-style:none;margin:1rem 0 0;padding:0}
li{display:flex;flex-wrap:wrap;align-items:baseline;gap:.6rem;margin:1.1rem 0;break-inside:avoid}
li math{math-style:normal;max-width:100%;overflow-x:auto}
li .line{flex:1 1 12rem;border-bottom:1px solid #555;min-height:2rem}
@page{margin:2cm}
@media print{main{max-width:none;padding:0}.sheet{border:0;break-after:page}
.sheet:last-child{break-after:auto}}"""


def save_paper(exercise: QuestionSet, path: str | os.PathLike[str], *, key: bool) -> Path:
    """Write the worksheets of all variants, which contain no solution, or the key to them."""
    title, sheet = (f"Key to {exercise.title}", _key) if key else (exercise.title, _sheet)
    variants, drawn = exercise.variants, []
    for number, variant in enumerate(variants, 1):
        which = f" (variant {number})" if len(variants) > 1 else ""
        head = f"<h1>{escape(title + which)}</h1>"
        drawn.append(f'<section class="sheet">\n{head}\n{sheet(variant)}\n</section>')
    return write(path, _PAGE.format(title=escape(title), style=_STYLE, sheets="\n".join(drawn)))


def _sheet(exercise: QuestionSet) -> str:
    """Return one worksheet: name, date, the exercise, and lines to write on."""
    who = '<p class="who"><span>Name:</span><span class="short">Date:</span></p>'
    lines = [_item(question, '<span class="line"></span>') for question in exercise.questions]
    below = f"<ol>{''.join(lines)}</ol>" if exercise.is_matrix else ""
    return f"{who}\n{worksheet.html(exercise)}\n{below}"


def _key(exercise: QuestionSet) -> str:
    """Return the solutions of one variant."""
    items = [
        _item(question, to_mathml(solution_tex(exercise.jacobian, question), display=False))
        for question in exercise.questions
    ]
    return f"<p>{escape(worksheet.caption(exercise))}</p><ol>{''.join(items)}</ol>"


def _item(question: Question, answer: str) -> str:
    return f"<li><span>({question.number}) {question.mathml} =</span>{answer}</li>"
