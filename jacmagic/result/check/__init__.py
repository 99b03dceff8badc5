"""Check of a hand-derived Jacobian: which entries are equal, and why others are not.

`hand` reads what is checked, `samples` evaluates both at points around x, `judgement` decides each
entry, `slips` looks for the one mistake that explains an entry.
"""
