"""Weights averaged over epochs."""

from __future__ import annotations

from ._weights import Weights


class EpochAverage:
    """Moving mean of the weights at the ends of epochs: half the last weights, half the old mean.

    With steps of constant size the weights never settle, but their mean does (Polyak & Juditsky
    1992; over the epochs of a network: Izmailov et al. 2018). Each epoch halves the share of the
    older ones, so the first epochs soon count little. This lowers costs if there are few texts and
    many epochs (measured in docs/design.md).
    """

    def __init__(self) -> None:
        self._mean: Weights | None = None

    def update(self, weights: Weights) -> Weights:
        """Add the weights of another epoch; return the mean, which is always the same object."""
        if self._mean is None:
            self._mean = weights.copy()
        for mean, array in zip(self._mean.arrays, weights.arrays, strict=True):
            mean[:] = (mean + array) / 2
        return self._mean
