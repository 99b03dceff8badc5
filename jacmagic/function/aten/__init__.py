"""Interpretation of ATen operations, the calls that reach a dispatch mode below autograd."""
