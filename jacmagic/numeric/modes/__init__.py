"""Differentiation modes: rows, reverse, forward, dense, sparse; which to try."""
