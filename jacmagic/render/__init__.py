"""Renderers: plain data in, a string out. They know arrays and strings only."""
