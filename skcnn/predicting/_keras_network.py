"""A user's own Keras network as a member: kept as bytes, read by Keras when it first predicts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any, ClassVar
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn._compat import check_keras
from skcnn.costs._posterior import PosteriorRule
from skcnn.predicting._network_parts import (
    NETWORK_ARRAYS,
    NETWORK_HEADER,
    network_arrays,
    network_header,
    read_posterior_rule,
    read_vocabulary,
)
from skcnn.predicting._parts import ExpectedArray, PartsError, check_arrays, check_names, part
from skcnn.text._long_text import Tokens
from skcnn.text._vocabulary import encode

_ARRAYS = {"model": ExpectedArray(("n_bytes",), ("uint8",))}
# Each text is filled up to this length when predicting: more would not fit into memory.
_MAX_LENGTH = 2**24
# Any network reads at most so many tokens of a text: its layers may need kilobytes for each token,
# and a text cannot be cut for layers that are not known. Training read `length` tokens.
MAX_TOKENS = 2**14


class SavedModel:
    """A Keras model as the bytes of a `.keras` file, which alone are copied and pickled.

    Parameters
    ----------
    content : bytes
    model : keras.Model, optional
        The model that the bytes hold. None: it is read when it first predicts.
    """

    def __init__(self, content: bytes, model: Any = None) -> None:
        self.content = content
        self._model = model
        self._forward: Any = None
        self._lock = threading.Lock()

    @property
    def forward(self) -> Any:
        """The model as a compiled function, always the same one; imports TensorFlow."""
        # Before the lock, which a thread of the other process may have held.
        check_keras("A network of your own")
        from skcnn.network._padded import Forward

        with self._lock:
            if self._forward is None:
                model = self.read() if self._model is None else self._model
                self._forward = Forward(model)
            return self._forward

    def read(self) -> Any:
        """Return a new copy of the Keras model; imports TensorFlow."""
        from skcnn.network._keras_file import model_from_bytes

        return model_from_bytes(self.content)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the bytes alone, so that unpickling does not import TensorFlow."""
        return SavedModel, (self.content,)


@dataclass(frozen=True, slots=True, eq=False)
class KerasNetwork:
    """A trained Keras network: tokens in, P(class | text) out.

    Attributes
    ----------
    vocabulary : words and their ids; every other word is the unknown word
    saved : SavedModel
    length : number of ids to which texts are filled up; of texts that are longer than `MAX_TOKENS`
        and `length`, the rest is not read
    from_logits : whether the network's outputs are logits
    posterior_rule : from softmax outputs to P(class | text)
    """

    kind: ClassVar[str] = "keras_network"
    reads_tokens: ClassVar[bool] = True
    vocabulary: dict[str, int]
    saved: SavedModel
    length: int
    from_logits: bool
    posterior_rule: PosteriorRule

    def softmax(self, tokens: Sequence[Tokens]) -> Float64:
        """Return the network's outputs for n texts as softmax columns, (n, K)."""
        forward = self.saved.forward
        from skcnn.network._padded import predict_softmax

        longest = max(self.length, MAX_TOKENS)
        read = [list(islice(text, longest)) for text in tokens]
        return predict_softmax(
            forward,
            encode(read, self.vocabulary),
            length=self.length,
            n_classes=len(self.posterior_rule.costs),
            from_logits=self.from_logits,
        )

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        """Estimate P(class | text) for n texts, (n, K)."""
        return self.posterior_rule(self.softmax(tokens))

    @property
    def seen_words(self) -> list[str]:
        """Words that training saw."""
        return list(self.vocabulary)

    def with_cached_words(self, words: Sequence[str]) -> KerasNetwork:
        """Return the same network: it looks up the vectors of its words itself."""
        return self

    def without_unseen_words(self) -> KerasNetwork:
        """Return the same network: it has no vectors of words that training did not see."""
        return self

    def header(self) -> dict[str, Any]:
        """Return what a model file keeps as JSON."""
        own = {"length": self.length, "from_logits": self.from_logits}
        return network_header(self.vocabulary, self.posterior_rule) | own

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a model file keeps as arrays."""
        model = np.frombuffer(self.saved.content, np.uint8)
        return {"model": model, **network_arrays(self.posterior_rule)}

    @classmethod
    def from_parts(
        cls, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], n_classes: int
    ) -> KerasNetwork:
        """Build the network from the parts of a model file, see `Member`."""
        check_names(header, (*NETWORK_HEADER, "length", "from_logits"), cls.kind)
        check_arrays(arrays, _ARRAYS | NETWORK_ARRAYS, {"n_classes": n_classes}, cls.kind)
        length = part(header, "length", int)
        if not 1 <= length <= _MAX_LENGTH:
            raise PartsError(f"length is {length}, expected 1 or more, at most {_MAX_LENGTH:,}")
        return cls(
            vocabulary=read_vocabulary(header),
            saved=_read_model(arrays["model"].tobytes()),
            length=length,
            from_logits=part(header, "from_logits", bool),
            posterior_rule=read_posterior_rule(header, arrays["loss_costs"]),
        )


def _read_model(content: bytes) -> SavedModel:
    """Check what can be checked without Keras: a complete zip archive that cannot grow."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            is_stored = all(member.compress_type == ZIP_STORED for member in members)
            fits = sum(member.file_size for member in members) <= len(content)
            is_whole = is_stored and fits and archive.testzip() is None
    except Exception as error:  # zipfile raises many types for damaged files
        raise PartsError("model is not a .keras file") from error
    if not is_whole:
        raise PartsError("model is a .keras file that is damaged or compressed")
    return SavedModel(content)
