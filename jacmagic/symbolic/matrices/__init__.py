"""Jacobians as matrix expressions: A, diag(cos x), W₂ diag(1 − tanh² z) W₁."""
