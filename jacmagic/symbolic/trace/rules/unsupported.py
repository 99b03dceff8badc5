"""The loud, named way in which a rule says that it does not know."""

from __future__ import annotations


class Unsupported(Exception):
    """An operation has no closed form here.

    Attributes:
        operation: its name, without torch's namespace.
        reason: one clause.
    """

    def __init__(self, operation: str, reason: str = "has no rule yet") -> None:
        """Name the operation and say why."""
        super().__init__(operation, reason)
        self.operation = operation.rpartition("::")[2]
        self.reason = reason
