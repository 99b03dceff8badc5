"""The base of every mode that watches torch's operations as they are run."""

from __future__ import annotations

from torch.utils._python_dispatch import TorchDispatchMode


class Watching(TorchDispatchMode):
    """A dispatch mode that does not load torch's compiler.

    Torch keeps its compiler from compiling what a mode does, and loads it for that: a second and a
    half before the first formula. What these modes do is never compiled.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False
