"""From what the network says to P(class | text), by the loss it was trained with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skcnn.costs import LOSSES
from skcnn.costs._posterior import turned_back


@dataclass(frozen=True, slots=True, eq=False)
class PosteriorRule:
    """The loss that trained a network, as turning its outputs back needs to know it.

    Attributes
    ----------
    loss : name of the loss; "cross_entropy" takes the outputs as they are
    costs : (K, K), the matrix that the loss saw
    parameters : the loss' own parameters by name
    """

    loss: str
    costs: NDArray[np.float64]
    parameters: dict[str, float] = field(default_factory=dict)

    def __call__(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities (n, K) for softmax outputs (n, K)."""
        return turned_back(outputs, LOSSES[self.loss](**self.parameters), self.costs)
