"""Sentence vectors in a folder, so that no text is embedded twice.

The folder belongs to one encoder. Each file in it holds keys of texts and their vectors. A file is
complete when it appears and is never changed. So processes need no lock: at worst, two of them
embed the same text at the same time.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from skcnn._arrays import Float32
from skcnn._compat import warn_user
from skcnn.disk._atomic import replacing

_KEY_BYTES = 16
# A file for fewer new texts would take longer to write and read than their vectors.
_MIN_NEW_TEXTS = 16


@dataclass(frozen=True, slots=True)
class VectorStore:
    """The vectors of one encoder.

    Attributes
    ----------
    folder : it is created when vectors are first written
    """

    folder: Path

    def encode(self, texts: Sequence[str], compute: Callable[[Sequence[str]], Float32]) -> Float32:
        """Read the vectors of n different texts; compute and store those that are missing.

        Parameters
        ----------
        texts : n different texts
        compute : function from m texts to their vectors (m, d)
        """
        keys = [_key(text) for text in texts]
        found = self._read(set(keys))
        missing = [i for i, key in enumerate(keys) if key not in found]
        if missing:
            computed = compute([texts[i] for i in missing])
            new_keys = [keys[i] for i in missing]
            if len(missing) >= _MIN_NEW_TEXTS:
                self._try_to_write(new_keys, computed)
            found |= dict(zip(new_keys, computed, strict=True))
        return np.stack([found[key] for key in keys])

    def _read(self, keys: set[bytes]) -> dict[bytes, Float32]:
        found: dict[bytes, Float32] = {}
        for path in sorted(self.folder.glob("*.npy")):
            try:
                table = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError):
                continue  # removed at this moment, or damaged: its texts are embedded again
            rows = {key: row for row, key in enumerate(table["key"].tolist()) if key in keys}
            vectors = np.array(table["vector"][list(rows.values())])
            found |= dict(zip(rows, vectors, strict=True))
        return found

    def _try_to_write(self, keys: list[bytes], vectors: Float32) -> None:
        """Write vectors, or warn: a model must predict also where it may not write."""
        try:
            self._write(keys, vectors)
        except OSError as error:
            warn_user(
                f"Sentence vectors cannot be stored in {self.folder}, so they will be computed "
                f"again ({error}). Give a folder that can be written as memory, or memory=None."
            )

    def _write(self, keys: list[bytes], vectors: Float32) -> None:
        table = np.empty(
            len(keys),
            [("key", f"S{2 * _KEY_BYTES}"), ("vector", np.float32, vectors.shape[1:])],
        )
        table["key"], table["vector"] = keys, vectors
        self.folder.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        np.save(content, table, allow_pickle=False)
        # Named by its texts: after a killed process, the same texts make the same name.
        name = hashlib.blake2b(b"".join(keys), digest_size=_KEY_BYTES).hexdigest()
        with replacing(self.folder / f"{name}.npy") as file:
            file.write(content.getbuffer())


def identity_of(encoder: Any) -> str:
    """Return a name that two encoders share only if they are equal.

    It is a hash by joblib. For a function, it includes the source.

    Raises
    ------
    ValueError
        If the encoder has no hash, or a copy of it has another hash.
    """
    from joblib import hash as hash_of

    try:
        if isinstance(encoder, FunctionType):
            if "<" in encoder.__qualname__:
                raise pickle.PicklingError("it is a lambda or is defined inside a function")
            source = inspect.getsource(encoder)
            return str(hash_of((encoder.__module__, encoder.__qualname__, source)))
        # The hash of an array depends on its place in memory, which the first copy changes.
        first = pickle.loads(pickle.dumps(encoder))
        identity, copied = hash_of(first), hash_of(pickle.loads(pickle.dumps(first)))
    except (pickle.PicklingError, TypeError, AttributeError, OSError) as error:
        raise _no_identity(encoder, str(error)) from error
    if identity != copied:
        raise _no_identity(encoder, "a copy of it has another hash")
    return str(identity)


def _no_identity(encoder: Any, why: str) -> ValueError:
    return ValueError(
        f"memory is given, but sentence_vectors={encoder!r} has no hash by which its vectors could "
        f"be found again ({why}); expected a function at the top level of a module, or an object "
        "that pickle can copy. Write such a function, or set memory=None."
    )


def _key(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, digest_size=_KEY_BYTES).hexdigest().encode()
