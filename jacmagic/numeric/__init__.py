"""Jacobians by torch's own differentiation: the values that are shown.

The function is evaluated once, plainly, so that an error in it surfaces as the user's own. `modes`
holds the differentiation modes and the choice among them, `sparsity` patterns and colourings;
`confirmed` checks what did not come by plain backward passes, `memory` bounds the result, `tuning`
keeps per function which mode was fastest. `batched` differentiates at many `points` at once.
`differences` is independent of all of them. Nothing here knows about closed forms.
"""
