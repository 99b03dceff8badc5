"""The comparison that users hold: a table with the likely cause of each difference."""

from __future__ import annotations

import math
from collections import Counter

from jacmagic.labels import Label
from jacmagic.render.report import Fragment, Grid, Report, ReportDisplay, numeral, words
from jacmagic.render.text import number
from jacmagic.result.check.comparison import CheckResult, Entry
from jacmagic.result.check.judgement import Status
from jacmagic.view.captions import MAX_COMPONENTS, whereabouts

HEADS = ("entry", "yours", "right", "difference", "ratio", "verdict", "cause")
MAX_ENTRIES_LISTED = 24  # entries of a table: equal ones of a larger matrix are only counted
MAX_WRONG_LISTED = 60  # wrong entries that are listed
_KINDS = {Status.DIFFERENT: "wrong", Status.HERE: "wrong", Status.DOUBT: "doubt"}


class Comparison(ReportDisplay, CheckResult):
    """A comparison with a hand-derived Jacobian, entry by entry; true where none differs.

    Attributes:
        result: the Jacobian by torch and its closed form.
        checked: the hand-derived one.
        samples: the values of both, at x and around it.
        status: of each entry, (m, n) objects.
        slips: the likely slip of wrong entries.
        doubts: why entries are in doubt.
    """

    def report(self) -> Report:
        """Return verdict and table, in the columns of a gradient checker and one for the cause."""
        noun, title = self.result.notation.noun, self.result.title
        listed = self._listed
        grid = Grid(
            [words(head) for head in HEADS],
            [self._cells(entry) for entry in listed],
            left=(0, 5, 6),
            kinds=[_KINDS.get(entry.status, "") for entry in listed],
            max_rows=len(listed),
        )
        return Report(
            f"{noun} of {title} by {self.checked.kind}, {whereabouts(self.result)}",
            grids=[grid] if listed else [],
            lines=self._remarks,
            verdict=self.verdict,
        )

    @property
    def _listed(self) -> list[Entry]:
        """The entries of the table: all of a small matrix, else those that are not equal."""
        if len(self.entries) <= MAX_ENTRIES_LISTED:
            return self.entries
        return [*self.wrong[:MAX_WRONG_LISTED], *self.doubtful[:MAX_WRONG_LISTED]]

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        total, wrong, doubtful = len(self.entries), len(self.wrong), len(self.doubtful)
        if self.checked.transposed:
            m, n = self.result.shape
            return f"transposed: expected {m} × {n}, outputs by inputs; found {n} × {m}"
        if wrong:
            which = "the entry differs" if total == 1 else f"{wrong} of {total} entries differ"
            cause = self._common_cause
            return f"{which}{f': {cause}' if cause else ''}"
        if doubtful:
            return f"no entry is shown to differ; {doubtful} of {total} are in doubt"
        return f"equal: {self.how_equal}"

    @property
    def _common_cause(self) -> str:
        """The cause of all wrong entries, if it is one and there are several."""
        causes = {entry.cause for entry in self.wrong}
        return causes.pop() if len(self.wrong) > 1 and len(causes) == 1 else ""

    @property
    def how_equal(self) -> str:
        """How the equal entries were found to be equal."""
        counts = Counter(entry.status for entry in self.entries)
        proved, equal = counts[Status.PROVED], counts[Status.EQUAL]
        points = len(self.samples.points)
        at = f"at {points - 1} random points and x" if points > 1 else "at x"
        if equal and self.checked.only_here and self.largest > 1e-9:
            at += ", to the digits written"
        elif equal:
            at += f", to {_power_of_ten(self.largest)}"
        if not equal:
            return (
                f"all {proved} entries proved symbolically"
                if proved != 1
                else "proved symbolically"
            )
        if not proved:
            return f"all {equal} entries {at}" if equal != 1 else at
        return f"{proved} entr{'y' if proved == 1 else 'ies'} proved symbolically, {equal} {at}"

    @property
    def _remarks(self) -> list[str]:
        """Lines below the table."""
        lines = list(self.checked.notes)
        equal = len(self.entries) - len(self.wrong) - len(self.doubtful)
        if equal and (self.wrong or self.doubtful) and len(self._listed) < len(self.entries):
            lines.append(f"{equal} entries are equal: {self.how_equal}")
        left_out = len(self.wrong) - MAX_WRONG_LISTED
        if left_out > 0:
            lines.append(f"{left_out} more entries differ; see .wrong")
        lines += [self._elsewhere(entry) for entry in self.wrong if entry.status is Status.HERE][:1]
        if self.checked.only_here and not self.checked.notes:
            lines.append("numbers are compared at this point only")
        return lines

    def _elsewhere(self, entry: Entry) -> str:
        """Return where an entry is wrong that is right at x."""
        pairs = zip(self.result.columns[:MAX_COMPONENTS], entry.point, strict=False)
        point = ", ".join(f"{label.text} = {number(float(v), 4)}" for label, v in pairs)
        return f"{entry.name} is right at x; the numbers shown are those at {point}"

    def _cells(self, entry: Entry) -> list[Fragment]:
        digits, nothing = self.result.view.digits, Fragment("", "")
        rows, columns = self.result.rows, self.result.columns
        function = Label(self.result.title).tex
        name = self.result.notation.tex(function, rows[entry.row].tex, columns[entry.column].tex)
        is_equal = entry.status not in _KINDS
        return [
            Fragment(entry.name, name),
            numeral(entry.hand, digits),
            numeral(entry.right, digits),
            nothing if is_equal else numeral(entry.difference, digits),
            nothing if is_equal or entry.right == 0 else numeral(entry.ratio, digits),
            words(self._word(entry)),
            words(entry.cause),
        ]

    def _word(self, entry: Entry) -> str:
        if entry.status is Status.HERE:
            return "right at x only"
        if entry.status is Status.EQUAL and self.checked.only_here:
            return "equal at x"
        if entry.status is Status.PROVED:
            return "equal, proved"
        return entry.status.value


def _power_of_ten(value: float) -> str:
    """Return the next power of ten above a difference; at least a roundoff."""
    return f"1e{math.ceil(math.log10(max(value, 1e-16)))}"
