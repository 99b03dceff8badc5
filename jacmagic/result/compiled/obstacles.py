"""Why a backend cannot compute a Jacobian; the message says why in a few words."""


class NotCompiled(Exception):
    """A backend cannot compute a Jacobian: no closed form, no machine code, no trace."""
