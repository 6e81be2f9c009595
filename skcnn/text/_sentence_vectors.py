"""What may be given as `sentence_vectors`, and the vectors that it gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32
from skcnn.text._minilm import MINILM_IDENTITY, load_minilm
from skcnn.text._vector_store import VectorStore, identity_of

MINILM = "minilm"
_OTHER_NAMES = ("all-minilm-l6-v2", "sentence-transformers/all-minilm-l6-v2", "minilm")
_MAX_QUOTED = 60


def check_sentence_vectors(sentence_vectors: Any) -> None:
    """Check that the parameter is None, "minilm", or something that can embed texts.

    Raises
    ------
    ValueError
        If it is another string.
    TypeError
        If it is a class, or has no way to embed texts.
    """
    expected = (
        "expected None, 'minilm', an object with encode(texts), a scikit-learn transformer of "
        "texts, or a function from a list of n texts to an array of shape (n, d)"
    )
    if isinstance(sentence_vectors, str) and sentence_vectors != MINILM:
        fix = _fix_of_name(sentence_vectors)
        raise ValueError(f"sentence_vectors is {sentence_vectors!r}; {expected}. {fix}")
    if isinstance(sentence_vectors, type):
        raise TypeError(
            f"sentence_vectors is the class {sentence_vectors.__name__}; expected an object: "
            f"{sentence_vectors.__name__}(...)."
        )
    if sentence_vectors is not None and not (
        isinstance(sentence_vectors, str)
        or _has(sentence_vectors, "encode")
        or is_transformer(sentence_vectors)
        or callable(sentence_vectors)
    ):
        fix = "Wrap it in such a function."
        if _has(sentence_vectors, "fit") and _has(sentence_vectors, "predict"):
            fix = "A classifier belongs in members: write members=[('name', classifier)]."
        raise TypeError(
            f"sentence_vectors is of type {type(sentence_vectors).__name__}, which has neither "
            f"encode nor transform; {expected}. {fix}"
        )


def _fix_of_name(name: str) -> str:
    if name.lower() in _OTHER_NAMES:
        return "For all-MiniLM-L6-v2, write 'minilm'."
    return "The only name is 'minilm'. Load any other model yourself and give the object."


@dataclass(frozen=True, slots=True, eq=False)
class SentenceEncoder:
    """Embeds texts.

    Attributes
    ----------
    source : "minilm", an object with `encode`, a fitted transformer, or a function
    store : where its vectors are kept, or None
    """

    source: Any
    store: VectorStore | None = None

    @property
    def name(self) -> str:
        """Name of the model or of the type of the source, for model files."""
        if isinstance(self.source, str):
            return self.source
        named = self.source if hasattr(self.source, "__qualname__") else type(self.source)
        return f"{named.__module__}.{named.__qualname__}"

    def encode(
        self, texts: Sequence[str], on_encoded: Callable[[int, int], None] | None = None
    ) -> Float32:
        """Embed n texts, (n, d). Equal texts are embedded once.

        Parameters
        ----------
        texts : n texts
        on_encoded : is called now and then with the number of different texts that are embedded
            so far, and the number of all that must be. Not if all were stored.

        Raises
        ------
        ValueError
            If the source does not give one finite vector for each text.
        """
        if len(texts) == 0:
            return np.empty((0, 0), np.float32)
        rows: dict[str, int] = {}
        position = [rows.setdefault(text, len(rows)) for text in texts]
        distinct = list(rows)
        compute = partial(self._compute, on_encoded=on_encoded)
        vectors = compute(distinct) if self.store is None else self.store.encode(distinct, compute)
        return vectors[position]

    def _compute(
        self, texts: Sequence[str], on_encoded: Callable[[int, int], None] | None
    ) -> Float32:
        texts = list(texts)
        source = self.source
        if isinstance(source, str):
            return load_minilm().encode(texts, on_encoded)
        # Other encoders get all texts at once: what they return may depend on it.
        if _has(source, "encode"):
            given = source.encode(texts)
        elif is_transformer(source):
            given = source.transform(texts)
        else:
            given = source(texts)
        vectors = _check_vectors(given, texts)
        if on_encoded is not None:
            on_encoded(len(texts), len(texts))
        return vectors


def make_encoder(sentence_vectors: Any, memory: Any = None) -> SentenceEncoder:
    """Return an encoder that needs no fit: everything but a transformer, or a fitted transformer.

    Parameters
    ----------
    sentence_vectors : the parameter, but not None
    memory : None, the path of a folder, or a joblib.Memory

    Raises
    ------
    ValueError or TypeError
        See `check_sentence_vectors`. With `memory`, also if the encoder has no identity.
    """
    check_sentence_vectors(sentence_vectors)
    folder = _store_folder(check_memory(memory))
    if folder is None:
        return SentenceEncoder(sentence_vectors)
    is_name = isinstance(sentence_vectors, str)
    identity = MINILM_IDENTITY if is_name else identity_of(sentence_vectors)
    return SentenceEncoder(sentence_vectors, VectorStore(folder / identity))


def check_encoder(sentence_vectors: Any, memory: Any, text: str) -> None:
    """Embed one text, so that errors are raised before any training.

    Of a transformer that a fit has to fit, only the identity is checked, if there is a memory.

    Parameters
    ----------
    sentence_vectors, memory : see `make_encoder`
    text : any text

    Raises
    ------
    ImportError, TypeError or ValueError
        See `make_encoder` and `SentenceEncoder.encode`.
    """
    encoder = make_encoder(sentence_vectors, memory)
    if not needs_fit(sentence_vectors):
        encoder.encode([text])


def fit_encoder(sentence_vectors: Any, memory: Any, texts: Sequence[str]) -> SentenceEncoder:
    """Return the encoder of a fit.

    A transformer is cloned and fitted on the texts, without labels. With `memory`, the fitted
    transformer is stored, as by scikit-learn's Pipeline. Of other encoders, the vectors are stored.
    A transformer in a `FrozenEstimator` is one of those: it is not fitted again.

    Parameters
    ----------
    sentence_vectors : the parameter, but not None
    memory : None, the path of a folder, or a joblib.Memory
    texts : the training texts
    """
    check_sentence_vectors(sentence_vectors)
    if not needs_fit(sentence_vectors):
        return make_encoder(sentence_vectors, memory)
    from sklearn.base import clone

    fit = check_memory(memory).cache(_fit_transformer)
    return SentenceEncoder(fit(clone(sentence_vectors), list(texts)))


def needs_fit(sentence_vectors: Any) -> bool:
    """Return whether it is a transformer that a fit has to clone and fit."""
    from sklearn.frozen import FrozenEstimator

    is_frozen = isinstance(sentence_vectors, FrozenEstimator)
    return is_transformer(sentence_vectors) and not is_frozen


def is_transformer(source: Any) -> bool:
    """Return whether an object embeds texts by `transform`."""
    return not _has(source, "encode") and _has(source, "fit") and _has(source, "transform")


def _fit_transformer(transformer: Any, texts: list[str]) -> Any:
    return transformer.fit(texts)


def _has(source: Any, method: str) -> bool:
    return not isinstance(source, str) and callable(getattr(source, method, None))


def check_memory(memory: Any) -> Any:
    """Return a joblib.Memory for None, the path of a folder, or a joblib.Memory."""
    from joblib import Memory

    if memory is None or isinstance(memory, str):
        return Memory(memory, verbose=0)
    if not isinstance(memory, Memory):
        raise TypeError(
            f"memory is of type {type(memory).__name__}; expected None, the path of a folder as a "
            "string, or a joblib.Memory. Write memory=joblib.Memory('folder')."
        )
    return memory


def _store_folder(memory: Any) -> Path | None:
    """Return a folder that `memory.clear()` removes; None if the memory stores nothing."""
    if memory.store_backend is None:
        return None
    if memory.backend != "local":
        raise ValueError(
            f"memory is a joblib.Memory with the backend {memory.backend!r}; expected the backend "
            "'local', because sentence vectors are stored in a folder. Write "
            "memory=joblib.Memory('folder')."
        )
    return Path(memory.store_backend.location) / "sentence_vectors"


def _check_vectors(given: Any, texts: Sequence[str]) -> Float32:
    """Return vectors of n different texts as float32, (n, d)."""
    expected = f"expected an array of shape ({len(texts)}, d): one vector of numbers for each text"
    array = _as_array(given, expected)
    if array.ndim != 2 or len(array) != len(texts) or array.shape[1] == 0:
        fix = "Return one row for each text, in the order of the texts."
        if array.shape == (len(texts),):
            fix = "If each text has one number, return numbers.reshape(-1, 1)."
        raise ValueError(
            f"sentence_vectors gave an array of shape {array.shape} and dtype {array.dtype}; "
            f"{expected}. {fix}"
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        vectors: Float32 = array.astype(np.float32)
    is_bad = ~np.isfinite(vectors).all(axis=1)
    if is_bad.any():
        first = texts[int(is_bad.argmax())]
        quoted = repr(first[:_MAX_QUOTED]) + ("..." if len(first) > _MAX_QUOTED else "")
        fix = (
            "Check what the encoder does with empty texts."
            if not first.strip()
            else ("Check what the encoder does with this text.")
        )
        raise ValueError(
            f"sentence_vectors gave NaN or infinite values for {is_bad.sum()} of {len(texts)} "
            f"different texts, first for the text {quoted}; expected finite numbers. {fix}"
        )
    return vectors


def _as_array(given: Any, expected: str) -> NDArray[Any]:
    """Return what an encoder gave as an array of numbers."""
    if hasattr(given, "toarray"):
        raise ValueError(
            f"sentence_vectors gave a sparse matrix of shape {given.shape}; {expected}. Reduce it, "
            "for example with make_pipeline(TfidfVectorizer(), TruncatedSVD(50))."
        )
    is_list = isinstance(given, list | tuple) and len(given) > 0
    first = given[0] if is_list else given
    try:
        array: NDArray[Any] = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        if hasattr(first, "detach"):  # a tensor of PyTorch that NumPy cannot read
            raise _tensors(is_list, expected) from error
        if not isinstance(error, ValueError):
            raise
        raise ValueError(
            f"sentence_vectors gave rows of different lengths; {expected}. Return one array."
        ) from error
    if array.dtype.kind in "fiu":
        return array
    if hasattr(first, "detach"):
        raise _tensors(is_list, expected)
    if array.dtype.kind in "USO" and array.size > 0 and isinstance(array.flat[0], str):
        raise ValueError(
            f"sentence_vectors gave strings, in an array of shape {array.shape} and dtype "
            f"{array.dtype}; {expected}. Return the vectors of the texts, not texts or words."
        )
    raise ValueError(
        f"sentence_vectors gave an array of shape {array.shape} and dtype {array.dtype}; "
        f"{expected}. Return an array of float32 or float64."
    )


def _tensors(is_list: bool, expected: str) -> ValueError:
    return ValueError(
        f"sentence_vectors gave a {'list of tensors' if is_list else 'tensor'} that NumPy cannot "
        f"read; {expected}. With Sentence-Transformers, write a function that returns "
        "model.encode(texts, convert_to_numpy=True)."
    )
