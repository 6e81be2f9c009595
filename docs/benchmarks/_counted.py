"""A model that counts in each process how often it has arrived there. Workers import this file."""

from __future__ import annotations

from typing import Any


class Counted:
    """Wraps a classifier: its attribute `model`."""

    arrivals = 0

    def __init__(self, model: Any) -> None:
        self.model = model

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        Counted.arrivals += 1
        vars(self).update(attributes)

    def __dask_tokenize__(self) -> str:
        """Spare dask two pickles that would find out whether two models are the same."""
        return f"Counted-{id(self)}"


def arrivals() -> int:
    """Return how often a model has arrived in this process."""
    return Counted.arrivals
