"""Exercises on a Jacobian's entries: answers read, judged at points, and mistakes named.

`answer` reads a student's text onto a graph, `judge` compares it with the entry, `mistakes` names
what turns the right entry into the answer, `steps` goes through a derivation line by line.
"""
