"""Interpretation of ATen operations as they reach a dispatch mode."""
