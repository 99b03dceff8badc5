"""The factored reading of a Jacobian: factors, their product, still forms."""

from jacmagic.result.chain.chain import Chain
from jacmagic.result.chain.factor import Factor

__all__ = ["Chain", "Factor"]
