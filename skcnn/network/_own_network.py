"""From labeled texts and a user's function to a trained Keras network of the user's own.

The function follows SciKeras' convention for `model=`. SciKeras calls it and prepares the arguments
of `compile`. Keras' own `fit` trains the network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter, signature
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scikeras.wrappers import KerasClassifier

from skcnn._arrays import Float32, Float64, Int32
from skcnn._settings import NetworkSettings

from ._callbacks import BestEpoch, Watch, watching
from ._divergence import check_finite, warn_if_high
from ._environment import forget_kernels, initialize_devices, seeded
from ._fit import HeldOut, copy_of_optimizer, early_stopping, forget_model
from ._keras_file import without_optimizer
from ._labeled_texts import LabeledTexts
from ._labels import Labels
from ._padded import MIN_LENGTH, Forward, batches, predict_softmax, shuffled_batches
from .losses import make_loss

_N_TEXTS_TO_CHECK = 8


@dataclass(frozen=True, slots=True, eq=False)
class TrainedOwnNetwork:
    """The result of training.

    Attributes
    ----------
    model : keras.Model, not compiled
    content : the same model as the bytes of a `.keras` file
    length : number of ids to which texts are filled up
    from_logits : whether its outputs are logits
    history : what Keras recorded: for each name, one value for each epoch
    best_epoch : the epoch whose weights these are, from 0
    """

    model: keras.Model
    content: bytes
    length: int
    from_logits: bool
    history: dict[str, list[float]]
    best_epoch: int


def fit_own_network(
    texts: LabeledTexts,
    embeddings: Float32,
    *,
    loss_costs: Float64,
    settings: NetworkSettings,
    held_out: HeldOut | None,
    seed: int,
    watch: Watch | None = None,
) -> TrainedOwnNetwork:
    """Build a user's network and train it with Keras.

    Parameters
    ----------
    texts : LabeledTexts
    embeddings : (n_ids, d)
        The vectors that the function gets; row 0 is padding, row 1 the unknown word.
    loss_costs : (K, K)
        The cost matrix of the loss: zero diagonal, scaled.
    settings : NetworkSettings
    held_out : HeldOut or None
        None: all epochs are trained, and the weights of the last one are kept.
    seed : int
        Seeds the initial weights, dropout, and the order of the batches.
    watch : Watch or None
        It gets a `TrainedOwnNetwork` as the result of training.

    Raises
    ------
    TypeError or ValueError
        If the function does not return a network with the right outputs, if Keras cannot save it,
        or if its loss or its weights become infinite or NaN.
    """
    initialize_devices()
    loss = make_loss(settings.loss, loss_costs)
    from_logits = bool(getattr(loss, "from_logits", False))
    n_classes = len(loss_costs)
    labels = Labels.for_loss(loss, n_classes, is_soft=texts.targets.ndim == 2)
    length = _longest(texts, held_out)
    with seeded(seed):
        model = _build(texts, embeddings, length, n_classes, labels.loss, settings)
        forward = Forward(model)
        length = forward.input_length or length
        softmax_of = partial(
            predict_softmax, forward, length=length, n_classes=n_classes, from_logits=from_logits
        )
        # This also creates the weights of a model that has none before its first call.
        n_columns = forward(np.ones((1, length), np.int32)).shape[-1]
        if not from_logits:
            _check_activation(model, n_columns)
        softmax_of(texts.sequences.take(range(min(len(texts), _N_TEXTS_TO_CHECK))))
    y_of = partial(labels, n_columns=n_columns)
    penalty = _penalty(model)
    stopping = early_stopping(held_out, lambda _, sequences: softmax_of(sequences))
    result_of = partial(_last_epoch, length, from_logits)
    callbacks = [*stopping, *(settings.callbacks or ()), *watching(watch, result_of)]
    history = _train(model, texts, held_out, length, y_of, callbacks, settings, seed)
    check_finite(model.get_weights())
    best = [each.best_epoch for each in stopping if isinstance(each, BestEpoch)]
    trained = result_of(model, history)
    if best:
        trained = replace(trained, best_epoch=best[0])
    losses = history["loss"][: trained.best_epoch + 1]
    warn_if_high(losses, loss, texts, n_classes, settings.batch_size, penalty)
    return trained


def _last_epoch(
    length: int, from_logits: bool, model: keras.Model, history: dict[str, list[float]]
) -> TrainedOwnNetwork:
    """Return the result of training, if the weights are those of the last epoch."""
    copy, content = without_optimizer(model)
    return TrainedOwnNetwork(
        model=copy,
        content=content,
        length=length,
        from_logits=from_logits,
        history={name: list(values) for name, values in history.items()},
        best_epoch=len(history["loss"]) - 1,
    )


def _penalty(model: keras.Model) -> float:
    """Return what the regularizers of the weights add to the loss."""
    variables = [each for each in model.trainable_variables if each.regularizer is not None]
    return sum(float(each.regularizer(each)) for each in variables)


def _longest(texts: LabeledTexts, held_out: HeldOut | None) -> int:
    parts = [texts] if held_out is None else [texts, held_out.texts]
    return max(MIN_LENGTH, *(int(part.sequences.lengths.max(initial=0)) for part in parts))


def _build(
    texts: LabeledTexts,
    embeddings: Float32,
    length: int,
    n_classes: int,
    loss: Any,
    settings: NetworkSettings,
) -> keras.Model:
    """Let SciKeras call the user's function, and compile what it returns."""

    def build(meta: dict[str, Any], compile_kwargs: dict[str, Any]) -> keras.Model:
        more = {"n_ids": len(embeddings), "embeddings": embeddings, "n_classes_": n_classes}
        model = _call(settings.network, meta=meta | more, compile_kwargs=compile_kwargs)
        _check_model(model, compile_kwargs["loss"])
        if not model.compiled:
            model.compile(**compile_kwargs)
        return model

    classifier = KerasClassifier(
        model=build,
        loss=loss,
        optimizer=copy_of_optimizer(settings.optimizer),
        **{f"optimizer__{name}": value for name, value in settings.all_optimizer_params.items()},
    )
    # SciKeras reads shape and dtype only. This array has the shape of all padded texts, and takes
    # the memory of one number.
    ids = np.broadcast_to(np.int32(0), (len(texts), length))
    targets = texts.targets if texts.targets.ndim == 1 else texts.targets.argmax(axis=1)
    return classifier.initialize(ids, targets).model_


def _call(function: Any, **arguments: Any) -> Any:
    """Call a function with those arguments that its signature names."""
    parameters = signature(function).parameters
    if any(each.kind is Parameter.VAR_KEYWORD for each in parameters.values()):
        return function(**arguments)
    return function(**{name: value for name, value in arguments.items() if name in parameters})


def _check_model(model: Any, loss: Any) -> None:
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"network returned an object of type {type(model).__name__}; expected a keras.Model "
            "that is not compiled."
        )
    if model.compiled and model.loss is not loss:
        raise ValueError(
            "network returned a compiled model; expected a model that is not compiled. The "
            "estimator compiles it with its own loss and optimizer. Leave out the call of compile. "
            "If the function returned the same model before, let it build a new one in each call."
        )


def _check_activation(model: keras.Model, n_columns: int) -> None:
    """Raise an error if the outputs are several sigmoids, whatever they add up to by chance."""
    last = model.layers[-1] if model.layers else None
    if n_columns > 1 and getattr(last, "activation", None) is keras.activations.sigmoid:
        raise ValueError(
            f"network returned a model whose last layer has {n_columns} columns and "
            "activation='sigmoid'; expected probabilities that add up to 1. Write "
            "activation='softmax', or, for two classes, one column with activation='sigmoid'."
        )


def _train(
    model: keras.Model,
    texts: LabeledTexts,
    held_out: HeldOut | None,
    length: int,
    y_of: Callable[[Int32 | Float32], NDArray[Any]],
    callbacks: list[keras.callbacks.Callback],
    settings: NetworkSettings,
    seed: int,
) -> dict[str, list[float]]:
    """Train the compiled model in place; return what Keras recorded."""
    size, epochs = settings.batch_size, settings.epochs
    all_epochs, n_steps = shuffled_batches(texts, y_of(texts.targets), length, size, epochs, seed)
    validation = None
    if held_out is not None:
        validation = batches(held_out.texts, y_of(held_out.texts.targets), length, size)
    try:
        recorded = model.fit(
            all_epochs,
            steps_per_epoch=n_steps,
            validation_data=validation,
            epochs=epochs,
            verbose=0,  # `watch` shows the progress
            callbacks=callbacks,
            shuffle=False,  # the batches are shuffled already
        )
    finally:
        forget_model(settings.callbacks or ())
        forget_kernels()
    return {name: [float(v) for v in values] for name, values in recorded.history.items()}
