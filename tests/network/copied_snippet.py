"""The formula of a widely copied weighted loss, rewritten to show what it does.

`w_categorical_crossentropy` has been copied since Keras issue 2115. Its last line calls the
cross-entropy of the backend as (output, target). Since Keras 2.0.7 the order is (target, output).
"""

from __future__ import annotations

from typing import Any

from keras import ops


def w_categorical_crossentropy(y_true: Any, y_pred: Any, weights: Any) -> Any:
    """Loss of each row (n,) as copied; labels and outputs (n, K), weights (K, K)."""
    n_classes = len(weights)
    is_largest = ops.cast(ops.equal(y_pred, ops.max(y_pred, axis=1, keepdims=True)), y_pred.dtype)
    final_mask = ops.zeros_like(y_pred[:, 0])
    for predicted in range(n_classes):
        for true in range(n_classes):
            cost = weights[true][predicted]
            final_mask += cost * is_largest[:, predicted] * y_true[:, true]
    return ops.categorical_crossentropy(y_pred, y_true) * final_mask
