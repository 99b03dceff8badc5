"""Straight-line programs from a closed form, as C, LLVM assembly and Python."""
