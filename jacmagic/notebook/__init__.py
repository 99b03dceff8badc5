"""The magics: the typed line and cell, what they ask for, and how a cell runs."""
