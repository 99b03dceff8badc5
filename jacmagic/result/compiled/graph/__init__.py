"""The Jacobian's computation as a graph of ATen operations, traced and cleaned."""
