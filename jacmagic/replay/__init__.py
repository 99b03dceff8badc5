"""A computation on tensors, recorded once as a flat program of torch's operations and run again.

What autograd and vmap do to find the next operation costs more than a small operation itself. A
`Recorder` notes which operations were run; a `Program` runs those that depend on the inputs, at
other values, with nothing in between; of a few numbers it may be written in Python's `floats`. It
is the same computation only while the code would take the same way: whoever runs it again compares
a result that is known from elsewhere, or knows the code.
"""

from jacmagic.replay.floats import FloatForm
from jacmagic.replay.inputs import Layout, has_hooks, layout_of, undisturbed
from jacmagic.replay.program import Program, program_of
from jacmagic.replay.proof import same_values
from jacmagic.replay.recorder import Readings, Recorder, Unrecorded, storage_of

__all__ = [
    "FloatForm",
    "Layout",
    "Program",
    "Readings",
    "Recorder",
    "Unrecorded",
    "has_hooks",
    "layout_of",
    "program_of",
    "same_values",
    "storage_of",
    "undisturbed",
]
