"""From a trace to a readable formula: SymPy, LaTeX, and a tape for its values."""
