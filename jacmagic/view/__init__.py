"""What shows a Jacobian: the result object with its displays, the widget, the exported page."""
