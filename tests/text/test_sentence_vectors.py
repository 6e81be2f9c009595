"""Which encoders may be given, and what is made of their vectors."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from skcnn.text._sentence_vectors import check_sentence_vectors, fit_encoder, make_encoder
from tests.text.encoders import Counting, count_topics

TEXTS = [f"win cash {'prize ' * (i % 7)}number {i}" for i in range(60)]


def pipeline(**parameters: Any) -> Any:
    return make_pipeline(TfidfVectorizer(**parameters), TruncatedSVD(3, random_state=0))


@pytest.fixture(autouse=True)
def _nothing_embedded() -> None:
    Counting.embedded.clear()


@pytest.mark.parametrize(
    "value", [None, "minilm", Counting(), count_topics, pipeline(), FrozenEstimator(pipeline())]
)
def test_names_objects_transformers_and_functions_are_accepted(value: Any) -> None:
    check_sentence_vectors(value)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (
            "bert",
            ValueError,
            r"sentence_vectors is 'bert'; expected None, 'minilm'.*Load any other",
        ),
        ("MiniLM", ValueError, r"sentence_vectors is 'MiniLM'; .*write 'minilm'"),
        ("all-MiniLM-L6-v2", ValueError, r"For all-MiniLM-L6-v2, write 'minilm'"),
        ("all-MiniLM-L12-v2", ValueError, r"Load any other"),
        (
            MultinomialNB(),
            TypeError,
            r"MultinomialNB, which .*belongs in members: write members=\[",
        ),
        (
            make_pipeline(TfidfVectorizer(), LogisticRegression()),
            TypeError,
            r"Pipeline, which .*belongs in members",
        ),
        (Counting, TypeError, r"is the class Counting; expected an object: Counting\(...\)"),
        (5, TypeError, r"of type int, which has neither encode nor transform; expected.*Wrap it"),
        ({"win": [1.0]}, TypeError, r"of type dict, which has neither encode nor transform"),
    ],
)
def test_anything_else_is_refused(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_sentence_vectors(value)
    with pytest.raises(error, match=message):
        make_encoder(value)


@pytest.mark.parametrize("value", [Counting(), count_topics, partial(count_topics)])
def test_vectors_are_those_of_the_encoder_as_float32(value: Any) -> None:
    vectors = make_encoder(value).encode(["win a prize", "home", "win a prize"])
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, [[2, 0, 3], [0, 0, 1], [2, 0, 3]])


def test_equal_texts_are_embedded_once() -> None:
    make_encoder(Counting()).encode(["b", "a", "b", "b", "a"])
    assert Counting.embedded == ["b", "a"]


def test_no_texts_need_no_encoder() -> None:
    assert len(make_encoder(Counting()).encode([])) == 0
    assert Counting.embedded == []


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (
            np.zeros((3, 4)),
            r"shape \(3, 4\) and dtype float64; expected an array of shape \(2, d\)",
        ),
        (np.zeros(2), r"shape \(2,\)"),
        (np.zeros((2, 0)), r"shape \(2, 0\)"),
        (np.array([["a"], ["b"]]), "dtype <U1"),
        ([[1.0], [1.0, 2.0]], "rows of different lengths"),
        (
            np.array([[0.0], [np.nan]]),
            r"NaN or infinite values for 1 of 2 different texts, first for the text 'b'; "
            r"expected finite numbers\. Check what the encoder does with this text",
        ),
        (["a b", "c"], r"gave strings, in an array of shape \(2,\).*Return the vectors"),
        (np.array([0.1, 0.2]), r"shape \(2,\) and dtype float64; .*reshape\(-1, 1\)"),
        (np.zeros(3), r"shape \(3,\) .*Return one row for each text"),
        (np.array([[0.0], [1e300]]), "NaN or infinite values"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(result: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_encoder(lambda texts: result).encode(["a", "b"])


class Tensor:
    """Like a tensor of PyTorch on a GPU."""

    def detach(self) -> Tensor:
        return self

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize(
    ("result", "message"),
    [(Tensor(), "gave a tensor that"), ([Tensor(), Tensor()], "gave a list of tensors that")],
)
def test_tensors_are_refused_with_the_fix(result: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message + r" NumPy cannot.*convert_to_numpy=True"):
        make_encoder(lambda texts: result).encode(["a", "b"])


def test_an_encoder_that_fails_on_empty_texts_is_told_so() -> None:
    encoder = make_encoder(lambda texts: [[1 / len(t) if t else np.nan] for t in texts])
    with pytest.raises(ValueError, match=r"1 of 2 different texts.* ''; .*with empty texts"):
        encoder.encode(["a", "", "a", ""])
    encoder = make_encoder(lambda texts: np.full((len(texts), 1), np.nan))
    with pytest.raises(ValueError, match=r"first for the text 'a{60}'\.\.\.; expected"):
        encoder.encode(["a" * 100])


def test_a_sparse_matrix_is_refused_with_the_fix() -> None:
    encoder = fit_encoder(TfidfVectorizer(), None, TEXTS)
    with pytest.raises(ValueError, match=r"a sparse matrix of shape \(1, .*TruncatedSVD\(50\)"):
        encoder.encode(["win"])


def test_a_transformer_is_cloned_and_fitted_on_the_training_texts() -> None:
    given = pipeline()
    encoder = fit_encoder(given, None, TEXTS)
    assert not hasattr(given[0], "vocabulary_")
    expected = pipeline().fit(TEXTS).transform(["win cash"])
    np.testing.assert_allclose(encoder.encode(["win cash"]), expected, rtol=1e-6)
    fitted = pipeline().fit(["another text", "one more text", "a third and last text"])
    again = fit_encoder(fitted, None, TEXTS).encode(["win cash"])
    np.testing.assert_allclose(again, expected, rtol=1e-6)


def test_a_frozen_transformer_is_not_fitted_again() -> None:
    fitted = pipeline().fit(["another text", "one more text", "a third and last text"])
    encoder = fit_encoder(FrozenEstimator(fitted), None, TEXTS)
    expected = fitted.transform(["one text"])
    np.testing.assert_allclose(encoder.encode(["one text"]), expected, rtol=1e-6)


def test_the_name_of_an_encoder_says_where_it_comes_from() -> None:
    assert make_encoder("minilm").name == "minilm"
    assert make_encoder(Counting()).name.endswith(".Counting")
    assert make_encoder(count_topics).name.endswith(".count_topics")
    assert make_encoder(partial(count_topics)).name == "functools.partial"


def test_encoders_can_be_pickled(tmp_path: Path) -> None:
    for value in ("minilm", Counting(), count_topics):
        encoder = make_encoder(value, str(tmp_path))
        copied = pickle.dumps(encoder)
        assert len(copied) < 2000
        assert pickle.loads(copied).store == encoder.store


# ---------------------------------------------------------------------------------------------
# Memory
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [str, joblib.Memory, partial(joblib.Memory, verbose=0)])
def test_with_memory_a_grid_search_embeds_each_text_once(make: Any, tmp_path: Path) -> None:
    folds = np.arange(len(TEXTS)) % 3
    for _ in range(4):  # four cost matrices
        for fold in range(3):
            encoder = fit_encoder(Counting(), make(tmp_path), TEXTS)
            for part in (folds != fold, folds == fold):
                texts = [text for text, is_in in zip(TEXTS, part, strict=True) if is_in]
                expected = count_topics(texts)
                np.testing.assert_array_equal(encoder.encode(texts), expected)
    assert sorted(Counting.embedded) == sorted(TEXTS)


def test_without_memory_nothing_is_stored() -> None:
    for memory in (None, joblib.Memory(None)):
        encoder = fit_encoder(Counting(), memory, TEXTS)
        encoder.encode(TEXTS)
        encoder.encode(TEXTS)
    assert len(Counting.embedded) == 4 * len(TEXTS)


def test_two_encoders_do_not_share_vectors(tmp_path: Path) -> None:
    vectors = [
        make_encoder(value, str(tmp_path)).encode(TEXTS)
        for value in (Counting(), Counting(2.0), count_topics, Counting(2.0))
    ]
    np.testing.assert_array_equal(vectors[1], 2 * vectors[0])
    np.testing.assert_array_equal(vectors[2], vectors[0])
    np.testing.assert_array_equal(vectors[3], vectors[1])
    assert len(Counting.embedded) == 2 * len(TEXTS)


def test_a_function_with_other_code_has_other_vectors(tmp_path: Path) -> None:
    vectors = []
    for factor in (1, 2):
        source = f"def embed(texts):\n    return [[{factor} * len(text)] for text in texts]\n"
        module: dict[str, Any] = {"__name__": "own_encoder"}
        path = tmp_path / f"own_encoder_{factor}.py"
        path.write_text(source)
        exec(compile(source, str(path), "exec"), module)
        vectors.append(make_encoder(module["embed"], str(tmp_path)).encode(TEXTS))
    np.testing.assert_array_equal(vectors[1], 2 * vectors[0])


def test_clearing_the_memory_forgets_the_vectors(tmp_path: Path) -> None:
    memory = joblib.Memory(tmp_path, verbose=0)
    encoder = make_encoder(Counting(), memory)
    encoder.encode(TEXTS)
    memory.clear(warn=False)
    encoder.encode(TEXTS)
    assert len(Counting.embedded) == 2 * len(TEXTS)


def test_a_damaged_file_of_vectors_is_passed_over(tmp_path: Path) -> None:
    encoder = make_encoder(Counting(), str(tmp_path))
    expected = encoder.encode(TEXTS)
    (path,) = tmp_path.rglob("*.npy")
    path.write_bytes(path.read_bytes()[:-5])
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected)
    path.write_bytes(b"")
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected)


def test_single_texts_leave_no_files_behind(tmp_path: Path) -> None:
    encoder = make_encoder(Counting(), str(tmp_path))
    for text in TEXTS:
        encoder.encode([text])
    assert list(tmp_path.rglob("*.npy")) == []


def test_a_model_predicts_where_it_may_not_write(tmp_path: Path) -> None:
    encoder = make_encoder(Counting(), str(tmp_path / "folder"))
    (tmp_path / "folder" / "joblib").rmdir()
    (tmp_path / "folder" / "joblib").write_text("not a folder")
    with pytest.warns(UserWarning, match=r"cannot be stored in .*memory=None"):
        vectors = encoder.encode(TEXTS)
    np.testing.assert_array_equal(vectors, count_topics(TEXTS))


def test_a_fitted_transformer_is_recognized(tmp_path: Path) -> None:
    fitted = pipeline().fit(TEXTS)
    encoder, again = (
        make_encoder(FrozenEstimator(each), str(tmp_path))
        for each in (fitted, pickle.loads(pickle.dumps(fitted)))
    )
    assert encoder.store == again.store
    np.testing.assert_array_equal(encoder.encode(TEXTS), again.encode(TEXTS))
    other = make_encoder(FrozenEstimator(pipeline().fit(TEXTS[:30])), str(tmp_path))
    assert other.store != encoder.store


def test_threads_may_share_a_store(tmp_path: Path) -> None:
    encoder = make_encoder(Counting(), str(tmp_path))
    parts = [TEXTS[begin : begin + 30] for begin in range(0, 31, 5)]
    with ThreadPoolExecutor(4) as pool:
        for part, vectors in zip(parts, pool.map(encoder.encode, parts), strict=True):
            np.testing.assert_array_equal(vectors, count_topics(part))


def test_a_transformer_is_fitted_once_for_the_same_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_fits = []
    fit = TfidfVectorizer.fit_transform

    def counted(*args: Any, **kwargs: Any) -> Any:
        n_fits.append(1)
        return fit(*args, **kwargs)

    monkeypatch.setattr(TfidfVectorizer, "fit_transform", counted)
    vectors = [
        fit_encoder(pipeline(min_df=n), str(tmp_path), TEXTS[:m]).encode(["win cash"])
        for n, m in ((1, 60), (1, 60), (2, 60), (1, 50))
    ]
    assert len(n_fits) == 3
    np.testing.assert_array_equal(vectors[0], vectors[1])


class HasALambda:
    def __init__(self) -> None:
        self.encode = lambda texts: 2 * count_topics(texts)


class WithoutIdentity:
    def encode(self, texts: list[str]) -> Any:
        return count_topics(texts)

    def __reduce__(self) -> Any:
        return _without_identity, (np.random.default_rng().random(),)


def _without_identity(number: float) -> WithoutIdentity:
    return WithoutIdentity()


@pytest.mark.parametrize(
    "value", [lambda texts: 2 * count_topics(texts), HasALambda(), WithoutIdentity()], ids=type
)
def test_memory_is_refused_for_an_encoder_that_cannot_be_recognized(
    value: Any, tmp_path: Path
) -> None:
    make_encoder(value).encode(["win"])
    with pytest.raises(
        ValueError, match=r"memory is given, but.*top level of a module.*memory=None"
    ):
        make_encoder(value, str(tmp_path))


@pytest.mark.parametrize("memory", [5, Path("folder")])
def test_a_memory_of_another_type_is_refused(memory: Any) -> None:
    with pytest.raises(TypeError, match=r"memory is of type \w+; expected None, the path"):
        make_encoder(count_topics, memory)


def test_a_hashing_vectorizer_is_a_transformer_too() -> None:
    encoder = fit_encoder(make_pipeline(HashingVectorizer(), TruncatedSVD(2)), None, TEXTS)
    assert encoder.encode(["win"]).shape == (1, 2)
