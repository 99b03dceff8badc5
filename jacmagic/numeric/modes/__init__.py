"""Differentiation modes: rows, reverse, forward, dense and sparse, and the choice among them."""
