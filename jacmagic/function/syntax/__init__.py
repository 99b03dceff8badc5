"""What the text of a function tells: names that it binds, parameters, slips. Knows no torch."""
