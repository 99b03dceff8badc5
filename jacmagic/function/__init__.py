"""The function to differentiate: arguments, point, outputs and source."""
