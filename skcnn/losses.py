"""Cost-sensitive losses for any Keras model; importing this module imports TensorFlow."""

from __future__ import annotations

from skcnn.network.losses import (
    CrossEntropy,
    ExpectedCost,
    FocalCost,
    HardMisclassificationCost,
    MisclassificationCost,
    WeightedCrossEntropy,
)

__all__ = [
    "CrossEntropy",
    "ExpectedCost",
    "FocalCost",
    "HardMisclassificationCost",
    "MisclassificationCost",
    "WeightedCrossEntropy",
]
