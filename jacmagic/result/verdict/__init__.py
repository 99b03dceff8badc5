"""The verdict on a Jacobian: torch, closed form, finite differences compared.

1. `evidence` gathers what each source gives: values, error bounds, kinks, cuts of torch's graph.
2. `comparison` judges every entry: a `Finding` within bounds on rounding, no fixed tolerance.
3. `agreement` makes one verdict of the findings, with `causes` and `remarks`.
4. `diagnosis` runs these steps; first it excludes functions whose values do not repeat.
5. Where a source is missing or J is large, a `*_check` compares products with random directions.
"""

from jacmagic.result.verdict.agreement import Agreement
from jacmagic.result.verdict.closed_form_check import check_closed_form
from jacmagic.result.verdict.dependence import lost_dependence
from jacmagic.result.verdict.diagnosis import contradicts, diagnose
from jacmagic.result.verdict.directional_check import check_sparse
from jacmagic.result.verdict.evidence import Evidence
from jacmagic.result.verdict.findings import Sources
from jacmagic.result.verdict.remarks import side_effects

__all__ = [
    "Agreement",
    "Evidence",
    "Sources",
    "check_closed_form",
    "check_sparse",
    "contradicts",
    "diagnose",
    "lost_dependence",
    "side_effects",
]
