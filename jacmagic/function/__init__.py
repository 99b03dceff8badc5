"""The function to differentiate: its arguments, its point, its outputs and its source."""
