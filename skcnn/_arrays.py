"""Types of arrays, and the arithmetic that several rooms share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


def softmax(logits: Float64) -> Float64:
    """Turn logits into probabilities, (n, K) -> (n, K).

    The largest logit of each row is subtracted first, so that no exponential overflows.
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Float64 = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities
