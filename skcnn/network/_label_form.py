"""Which form of labels a Keras loss takes: class indices, or one-hot rows."""

from __future__ import annotations

from functools import partial
from itertools import islice, permutations
from typing import Any

import keras
import numpy as np

from skcnn._arrays import Float64
from skcnn._compat import warn_user

from ._cost_loss import _CostLoss

# Of Keras' losses, those that take class indices. All others take rows with one number per output.
_OF_INDICES = ("sparse", "categoricalgeneralizedcrossentropy")
# What every loss of Keras derives from.
_GENERAL = ("Loss", "KerasSaveable")
# The outputs that a loss is tried on give one class this probability.
_CERTAIN = 0.8
# Enough for all pairs of four classes.
_MAX_PAIRS = 12
# Losses that differ by less are equal: float32 has seven digits.
_TOLERANCE = 1e-4
_UNDECIDED = (
    "It is not clear whether the loss {name} takes one-hot rows (n, K) or class indices (n, 1): "
    "with neither form alone does it fall where the outputs get better. It gets one-hot rows. "
    "Say it with an attribute: sparse_y_true = False for one-hot rows, True for class indices."
)


def keras_name(loss: Any) -> str | None:
    """Return the name of the loss of Keras that a loss is, derives from or calls, or None.

    In lower case without "_", so that a class and its function have the same name:
    "categoricalcrossentropy".
    """
    while isinstance(loss, partial):
        loss = loss.func
    for base in [loss] if hasattr(loss, "__name__") else type(loss).__mro__:
        is_of_keras = str(base.__module__).split(".")[0] == "keras"
        if base.__name__ == "LossFunctionWrapper" and is_of_keras:
            return keras_name(loss.fn)
        if base.__name__ in _GENERAL or not is_of_keras:
            continue
        return str(base.__name__).replace("_", "").lower()
    return None


def takes_one_hot(loss: Any, n_classes: int) -> bool:
    """Whether a loss takes one-hot rows (n, K), and not class indices.

    The user's word comes first: the attribute `sparse_y_true` of the loss, as Keras' metric `IoU`
    has it. Then what the loss derives from. A loss that derives from no loss of Keras is tried.

    Parameters
    ----------
    loss : keras.losses.Loss or callable
    n_classes : K

    Raises
    ------
    TypeError
        If `sparse_y_true` is neither True nor False.
    """
    said = getattr(loss, "sparse_y_true", None)
    if said is not None:
        if not isinstance(said, bool):
            raise TypeError(
                f"sparse_y_true of {loss!r} is {said!r}; expected True if the loss takes class "
                "indices, False if it takes one-hot rows."
            )
        return not said
    if isinstance(loss, _CostLoss):
        return True
    name = keras_name(loss)
    if name is not None:
        return not name.startswith(_OF_INDICES)
    return _find_form(loss, n_classes)


def _find_form(loss: Any, n_classes: int) -> bool:
    """Try a loss with both forms on a few outputs.

    With the wrong form, a loss often raises no error: indices (n, 1) and outputs (n, K) are
    broadcast. But then it does not fall where the outputs get better.
    """
    indices = np.arange(2 * n_classes, dtype=np.int32) % n_classes  # (n,)
    rows = np.eye(n_classes, dtype=np.float32)[indices]  # (n, K)
    one_hot, sparse = (_values(loss, labels, indices) for labels in (rows, indices[:, np.newaxis]))
    if one_hot is None and sparse is not None:
        return False
    if sparse is None or _falls_with_better_outputs(one_hot):
        return True
    if _falls_with_better_outputs(sparse):
        return False
    name = getattr(loss, "__name__", type(loss).__name__)
    warn_user(_UNDECIDED.format(name=name))
    return True


def _values(loss: Any, labels: Any, indices: Any) -> Float64 | None:
    """Return the loss of right outputs, then of outputs that take one class for another.

    None if the loss cannot be computed with such labels.
    """
    n_classes = int(indices.max()) + 1
    values = []
    mistakes = permutations(range(n_classes), 2)
    for true_class, predicted in [(0, 0), *islice(mistakes, _MAX_PAIRS)]:
        answers = np.where(indices == true_class, predicted, indices)
        rest = (1 - _CERTAIN) / (n_classes - 1)
        outputs = np.full((len(indices), n_classes), rest, np.float32)
        outputs[np.arange(len(indices)), answers] = _CERTAIN
        if getattr(loss, "from_logits", False):
            outputs = np.log(outputs)
        try:
            value = loss(*map(keras.ops.convert_to_tensor, (labels, outputs)))
            values.append(float(keras.ops.mean(value)))
        except Exception:  # whatever a user's function raises
            return None
    return np.array(values)


def _falls_with_better_outputs(values: Float64 | None) -> bool:
    """Whether no wrong outputs have a lower loss than the right ones, and some have a higher one.

    A class may have the weight 0, so that some wrong outputs have the same loss.
    """
    if values is None or not np.isfinite(values).all():
        return False
    change = values[1:] - values[0]
    tolerance = _TOLERANCE * np.abs(values).max()
    return bool((change > -tolerance).all() and (change > tolerance).any())
