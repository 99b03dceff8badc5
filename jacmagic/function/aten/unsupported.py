"""The exception of an operation that an interpreter cannot follow."""

from __future__ import annotations


class Unsupported(Exception):
    """An operation that an interpreter cannot follow.

    Attributes:
        operation: its name, without torch's namespace.
        reason: one clause.
    """

    def __init__(self, operation: str, reason: str = "has no rule yet") -> None:
        """Name the operation and the reason."""
        super().__init__(operation, reason)
        self.operation = operation.rpartition("::")[2]
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.operation} {self.reason}"
