"""Weights averaged over epochs."""

from __future__ import annotations

from ._parameters import Parameters


class EpochAverage:
    """Mean of the weights at the ends of the epochs so far.

    Steps of a constant size never settle; their mean does (Polyak & Juditsky 1992; over epochs and
    for networks: Izmailov et al. 2018).
    """

    def __init__(self) -> None:
        self._mean: Parameters | None = None
        self._n_epochs = 0

    def update(self, parameters: Parameters) -> Parameters:
        """Take another epoch in and return the mean, which stays the same object."""
        self._n_epochs += 1
        if self._mean is None:
            self._mean = parameters.copy()
        for mean, array in zip(self._mean.arrays, parameters.arrays, strict=True):
            mean[:] = mean + (array - mean) / self._n_epochs
        return self._mean
