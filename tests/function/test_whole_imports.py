"""An interrupt while SymPy is imported leaves a kernel that can import it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import torch, jacmagic


class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "sympy.polys":
            sys.meta_path.remove(self)
            raise KeyboardInterrupt


sys.meta_path.insert(0, Interrupt())
x = torch.tensor([1.0, 2.0])
try:
    jacmagic.jacobian(lambda x: x**2, x)
except KeyboardInterrupt:
    print([name for name in sys.modules if name.startswith("sympy")])
print(jacmagic.jacobian(lambda x: x**2, x).formula)
"""


def test_an_interrupted_import_begins_anew() -> None:
    """Nothing of SymPy stays behind, and the next Jacobian has its closed form."""
    run = [sys.executable, "-c", PROGRAM]
    out = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == ["[]", "Matrix([[2*x_0, 0], [0, 2*x_1]])"]
