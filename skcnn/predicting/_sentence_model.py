"""The sentence model: logistic regression on sentence vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Float64, softmax
from skcnn.predicting._ngram_model import to_probabilities
from skcnn.predicting._parts import ExpectedArray, PartsError, check_arrays, check_names, part
from skcnn.text._long_text import Tokens
from skcnn.text._sentence_vectors import MINILM, SentenceEncoder, make_encoder

# A text whose vector, or whose probabilities, tell one encoder or classifier from another.
PROBE = "The quick brown fox jumps over 2 lazy dogs, and nobody pays $5 for a free prize. 你好！"
# Other processors and other versions of libraries change a vector by less than this share.
_PROBE_TOLERANCE = 0.01
_ARRAYS = {
    "probe": ExpectedArray(("d",)),
    "coef": ExpectedArray(("d", "n_columns")),
    "intercept": ExpectedArray(("n_columns",)),
}


@dataclass(frozen=True, slots=True, eq=False)
class SentenceModel:
    """A fitted sentence model.

    Attributes
    ----------
    encoder : from texts to vectors of d numbers
    coef : (d, n_columns) float32; n_columns is 1 for two classes, else n_classes
    intercept : (n_columns,) float32
    probe : (d,) float32, the vector of `PROBE`
    """

    kind: ClassVar[str] = "sentence_vectors"
    reads_tokens: ClassVar[bool] = False
    encoder: SentenceEncoder
    coef: Float32
    intercept: Float32
    probe: Float32

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        """Estimate P(class | text) for n texts, (n, K)."""
        if len(texts) == 0:
            return np.empty((0, max(2, len(self.intercept))))
        vectors = self.encoder.encode(texts)  # (n, d)
        if vectors.shape[1] != len(self.coef):
            raise ValueError(
                f"sentence_vectors gave vectors of {vectors.shape[1]} numbers; expected "
                f"{len(self.coef)}, as during the fit. Use the same encoder, or fit again."
            )
        return sentence_probabilities(vectors, self.coef, self.intercept)

    def with_cached_words(self, words: Sequence[str]) -> SentenceModel:
        """Return the same model: it has no words."""
        return self

    def without_unseen_words(self) -> SentenceModel:
        """Return the same model: it has no vectors of words."""
        return self

    def header(self) -> dict[str, Any]:
        """Return what a model file keeps as JSON: the name of the encoder, not the encoder."""
        return {"encoder": self.encoder.name}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a model file keeps as arrays."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def from_parts(
        cls,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        n_classes: int,
        sentence_vectors: Any = None,
    ) -> SentenceModel:
        """Build the model from the parts of a model file, see `Member`.

        Parameters
        ----------
        header, arrays, n_classes : see `Member`
        sentence_vectors : the encoder that the file names, if it is not "minilm"

        Raises
        ------
        ValueError
            If the encoder is missing, or gives other vectors than the encoder of the fit.
        """
        check_names(header, ("kind", "encoder"), cls.kind)
        check_arrays(arrays, _ARRAYS, {"n_columns": 1 if n_classes == 2 else n_classes}, cls.kind)
        name = part(header, "encoder", str)
        encoder = _encoder_of_file(name, sentence_vectors)
        _check_probe(encoder, name, arrays["probe"])
        return cls(encoder, **{each: arrays[each] for each in _ARRAYS})


def sentence_probabilities(vectors: Float32, coef: Float32, intercept: Float32) -> Float64:
    """Turn sentence vectors (n, d) into probabilities (n, K)."""
    # In float64, the result for a text does not depend on how many texts there are.
    log_odds = vectors.astype(np.float64) @ coef.astype(np.float64) + intercept  # -> (n, n_columns)
    return to_probabilities(log_odds) if log_odds.shape[1] == 1 else softmax(log_odds)


def _encoder_of_file(name: str, sentence_vectors: Any) -> SentenceEncoder:
    if name == MINILM:
        if sentence_vectors not in (None, MINILM):
            raise ValueError(
                "sentence_vectors is given, but the file names 'minilm'; expected None. Leave the "
                "argument out."
            )
        return make_encoder(MINILM)
    if sentence_vectors is None:
        raise ValueError(
            f"the sentence vectors of this model come from {name}, which a model file cannot hold; "
            "expected the encoder as an argument. Write load(path, sentence_vectors=...)."
        )
    return make_encoder(sentence_vectors)


def _check_probe(encoder: SentenceEncoder, name: str, probe: Float32) -> None:
    """Raise an error if the encoder gives another vector for `PROBE`."""
    from sklearn.exceptions import NotFittedError

    try:
        found = encoder.encode([PROBE])[0]
    except NotFittedError as error:
        raise ValueError(
            f"sentence_vectors is a transformer that is not fitted ({encoder.name}); expected the "
            "fitted one of the saved model. Write load(path, sentence_vectors=fitted_transformer)."
        ) from error
    wanted = probe.astype(np.float64)  # the norm of large float32 would be infinite
    is_equal = found.shape == probe.shape and bool(
        np.linalg.norm(found - wanted) <= _PROBE_TOLERANCE * np.linalg.norm(wanted)
    )
    if is_equal:
        return
    if name == MINILM:
        raise PartsError("probe is not the vector that 'minilm' gives")
    raise ValueError(
        f"sentence_vectors gives other vectors ({len(found)} numbers each) than the encoder of the "
        f"fit ({name}, {len(probe)} numbers each); expected the same encoder. Write "
        "load(path, sentence_vectors=...) with the encoder that was fitted or used in fit."
    )
