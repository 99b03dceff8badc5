"""Jacobians of ordinary torch functions in a notebook: numbers, closed form and sliders from one cell."""
