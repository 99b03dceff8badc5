"""Syntax of a function's text: names it binds, parameters, slips."""
