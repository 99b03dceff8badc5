"""Code generation from graphs and tapes: source to export, Python to run.

Each language is one table from graph operations to its own expressions; what it has no function
for is refused by name.
"""
