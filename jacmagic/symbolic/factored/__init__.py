"""Factored forms: a Jacobian as sums and products of local Jacobians along named variables."""
