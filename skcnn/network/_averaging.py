"""Weights averaged over epochs."""

from __future__ import annotations

from ._parameters import Parameters


class EpochAverage:
    """Moving mean of the weights at the ends of the epochs: half the last one, half what was.

    Steps of a constant size never settle; their mean does (Polyak & Juditsky 1992; over epochs and
    for networks: Izmailov et al. 2018). Halving lets the first epochs be forgotten, which matters
    where texts are few and epochs many.
    """

    def __init__(self) -> None:
        self._mean: Parameters | None = None

    def update(self, parameters: Parameters) -> Parameters:
        """Take another epoch in and return the mean, which stays the same object."""
        if self._mean is None:
            self._mean = parameters.copy()
        for mean, array in zip(self._mean.arrays, parameters.arrays, strict=True):
            mean[:] = (mean + array) / 2
        return self._mean
