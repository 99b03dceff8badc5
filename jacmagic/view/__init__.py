"""The user's `Jacobian`, its still forms, its widget and the exported page."""
