"""Analyses of a Jacobian: error propagation, conditioning, Newton's method and others.

Each verb is a module; `verbs` adds them to the result.
"""
