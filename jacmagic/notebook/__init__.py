"""The magics: parsing, options, binding of inputs, and execution of cells."""
