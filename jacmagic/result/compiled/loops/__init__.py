"""A traced Jacobian as loops in C: zeros left out, movements of data resolved into indices.

    graph ─▶ decomposition ─▶ zeros ─▶ lowering ─▶ stages ─▶ source ─▶ point ─▶ build

`zeros` marks the components that the seeds make zero. `lowering` looks every entry up backwards:
views and shifts become indices, elementwise steps one expression for all entries of a kind, sums of
few terms are written out; entries that are constant are a table. Matrix products and factorizations
are calls (`routines`) of functions in C (`c_matrices`). `source` writes a function for stages that
are alike; `point` calls them in order, from a table.
"""
