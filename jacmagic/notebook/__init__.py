"""The magics: their line and cell, the options, binding of inputs, and execution of cells."""
