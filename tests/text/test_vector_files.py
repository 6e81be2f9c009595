from __future__ import annotations

import gzip
import os
import sys
import tracemalloc

import numpy as np
import pytest

from skcnn.text import _pretrained
from skcnn.text._pretrained import resolve_word_vectors

MATRIX = np.array([[0.5, -1, 2], [1e-3, 0, 4], [0, 1, 0], [3, 3, -0.25]], np.float16)
WORDS = ["win", "été", "日", "😀"]
NUMBERS = [" ".join(map(str, row.tolist())) for row in MATRIX]


@pytest.fixture(autouse=True)
def empty_cache():
    _pretrained._from_file.cache_clear()
    yield
    _pretrained._from_file.cache_clear()


def text(words=WORDS, *, header=True, blank="", newline="\n", gap=" "):
    lines = [f"{len(words)} {MATRIX.shape[1]}"] if header else []
    lines += [f"{word} {numbers}{blank}" for word, numbers in zip(words, NUMBERS, strict=True)]
    return (newline.join(lines).replace(" ", gap) + newline).encode()


def binary(words=WORDS, vectors=MATRIX, *, newline=b"\n"):
    content = [b"%d %d\n" % np.shape(vectors)]
    for word, row in zip(words, np.asarray(vectors, "<f4"), strict=True):
        content += [word.encode(), b" ", row.tobytes(), newline]
    return b"".join(content)


def written(path, content):
    path.write_bytes(content)
    return path


def archive(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path.read_bytes()


TEXTS = {
    "word2vec": ("v.vec", text()),
    "word2vec with a blank at each end": ("v.vec", text(blank=" ")),
    "word2vec called .txt": ("v.txt", text()),
    "GloVe": ("v.txt", text(header=False)),
    "GloVe called .vec": ("v.vec", text(header=False)),
    "tabs": ("v.txt", text(header=False, gap="\t")),
    "a header and tabs": ("v.vec", text(gap="\t")),
    "several blanks": ("v.txt", text(header=False, gap="  ")),
    "Windows": ("v.vec", text(newline="\r\n", blank=" ")),
    "Windows without a header": ("v.txt", text(header=False, newline="\r\n")),
    "blank lines": ("v.vec", text(newline="\n\n")),
    "no newline at the end": ("v.vec", text().rstrip()),
    "capital suffix": ("V.VEC", text()),
    "binary": ("v.bin", binary()),
    "binary without newlines": ("v.bin", binary(newline=b"")),
}
COMPRESSED = {
    f"{name}, compressed": (f"{file}.gz", gzip.compress(content))
    for name, (file, content) in TEXTS.items()
}
ARRAYS = {
    "float16 and bytes": {"words": [word.encode() for word in WORDS], "vectors": MATRIX},
    "float64 and strings": {"words": WORDS, "vectors": MATRIX.astype(">f8")},
    "transposed": {"words": WORDS, "vectors": np.asfortranarray(MATRIX)},
}


@pytest.mark.parametrize("case", TEXTS | COMPRESSED)
def test_every_kind_of_file_gives_the_same_vectors(case, tmp_path):
    name, content = (TEXTS | COMPRESSED)[case]
    vectors = resolve_word_vectors(written(tmp_path / name, content))
    assert vectors.words == WORDS
    assert vectors.vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors.vectors, MATRIX.astype(np.float32))


@pytest.mark.parametrize("case", ARRAYS)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_numpy_archives_give_the_same_vectors(case, save, tmp_path):
    save(tmp_path / "v.npz", **ARRAYS[case])
    vectors = resolve_word_vectors(str(tmp_path / "v.npz"))
    assert vectors.words == WORDS
    assert vectors.vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors.vectors, MATRIX.astype(np.float32))


def test_a_number_of_integers_is_no_header_where_it_stands_later(tmp_path):
    path = written(tmp_path / "v.txt", b"win 1 2\n7 8 9\n")
    assert resolve_word_vectors(path).words == ["win", "7"]


def test_words_with_blanks_end_where_the_numbers_begin(tmp_path):
    words = ["win", "new york", "a b  c", "x"]
    for content in (text(words), text(words).replace(b"0.5 -1.0", b"0.5\t-1.0")):
        vectors = resolve_word_vectors(written(tmp_path / "v.vec", content), tokenizer=str.split)
        assert vectors.words == words
        np.testing.assert_array_equal(vectors.vectors, MATRIX.astype(np.float32))


@pytest.mark.parametrize("n_words", [1999, 2000, 2001, 6001])
@pytest.mark.parametrize("kind", ["v.txt", "v.vec", "v.bin", "v.npz"])
def test_a_longer_file_is_read_to_its_end(kind, n_words, tmp_path):
    words = [f"w{i}" for i in range(n_words)]
    matrix = np.arange(3 * n_words, dtype=np.float32).reshape(-1, 3)
    if kind == "v.npz":
        np.savez(tmp_path / kind, words=words, vectors=matrix)
    elif kind == "v.bin":
        written(tmp_path / kind, binary(words, matrix))
    else:
        lines = [f"{n_words} 3"] * (kind == "v.vec")
        lines += [f"{w} {a} {b} {c}" for w, (a, b, c) in zip(words, matrix.tolist(), strict=True)]
        written(tmp_path / kind, "\n".join(lines).encode())
    vectors = resolve_word_vectors(tmp_path / kind)
    assert vectors.words == words
    np.testing.assert_array_equal(vectors.vectors, matrix)


SPELLINGS = {
    "exact first": (["win", "Win"], {"win": 0}),
    "exact last": (["WIN", "Win", "win"], {"win": 2}),
    "exact twice": (["win", "WIN", "win"], {"win": 0}),
    "exact far off": (["WIN", *[f"w{i}" for i in range(5000)], "win"], {"win": 5001}),
    "none exact": (["WIN", "Win"], {"win": 0}),
    "another script": (["ＷＩＮ", "STRASSE", "straße"], {"win": 0, "strasse": 1}),
}


@pytest.mark.parametrize("case", SPELLINGS)
def test_of_several_spellings_the_tokens_own_counts_or_else_the_first(case, tmp_path):
    words, expected = SPELLINGS[case]
    matrix = np.arange(len(words), dtype=np.float32)[:, np.newaxis]
    vectors = resolve_word_vectors(written(tmp_path / "v.bin", binary(words, matrix)))
    found, _ = vectors.rows(list(expected))
    assert found[:, 0].tolist() == list(expected.values())


def test_case_is_kept_where_it_matters(tmp_path):
    path = written(tmp_path / "v.vec", text(["Win", "win", "Cash", "ＮＯＷ"]))
    assert resolve_word_vectors(path, lowercase=False).words == ["Win", "win", "Cash", "NOW"]
    assert resolve_word_vectors(path, lowercase=True).words == ["win", "cash", "now"]


@pytest.mark.parametrize("suffix", [".vec", ".bin"])
def test_words_that_are_no_tokens_are_kept_only_for_another_tokenizer(suffix, tmp_path):
    words = ["drug-induced", "win", "new_york", "</s>"]
    content = text(words) if suffix == ".vec" else binary(words)
    path = written(tmp_path / f"v{suffix}", content)
    plain = resolve_word_vectors(path)
    assert plain.words == ["win"]
    assert plain.vectors.tolist() == [MATRIX[1].tolist()]
    assert resolve_word_vectors(path, tokenizer=str.split).words == words


def test_a_file_may_begin_with_many_words_that_are_no_tokens(tmp_path):
    content = b"a-b 1 2\n" * 5000 + b"win 3 4\n"
    vectors = resolve_word_vectors(written(tmp_path / "v.txt", content))
    assert vectors.words == ["win"]
    assert vectors.vectors.tolist() == [[3, 4]]


GZ = gzip.compress(text() * 50)
DAMAGE = {
    "a word for a number": ("v.vec", b"2 2\nwin 1 2\ncash 1 x\n", "line 3 is 'cash 1 x'.*2 finite"),
    "a number is missing": ("v.txt", b"win 1 2\ncash 1\n", "line 2 is 'cash 1'"),
    "no numbers": ("v.txt", b"win\ncash\n", "its first line is 'win'"),
    "a word without numbers": ("v.txt", b"win 1 2\ncash\n", "line 2 is 'cash'"),
    "NaN": ("v.txt", b"win 1 2\ncash nan 2\n", "line 2 is 'cash nan 2'"),
    "infinity": ("v.txt", b"win 1 2\ncash inf 2\n", "line 2"),
    "too large for float32": ("v.txt", b"win 1 2\ncash 1e300 2\n", "line 2"),
    "bytes that are no text": ("v.txt", b"win 1 2\ncash \xff 2\n", "line 2"),
    "after blank lines": ("v.vec", b"2 2\n\nwin 1 2\n \ncash 1 x\n", "line 5 is 'cash 1 x'"),
    "far down": (
        "v.vec",
        b"9 2\n" + b"win 1 2\n" * 4100 + b"cash x 2\n",
        "line 4102 is 'cash x 2'",
    ),
    "a long line": ("v.txt", b"win 1 2\ncash 1 " + b"x" * 999, r"line 2 is 'cash 1 x{53}\.\.\.'"),
    "an empty text": ("v.txt", b"", "its first line is ''"),
    "only a header": ("v.vec", b"0 3\n", "no word that could be a token"),
    "no token among the words": ("v.vec", b"1 2\na-b 1 2\n", "no word that could be a token"),
    "a binary without header": ("v.bin", b"win 1 2\n", "does not begin with the numbers"),
    "an empty binary": ("v.bin", b"", "does not begin with the numbers"),
    "a binary of no dimensions": ("v.bin", b"1 0\nwin ", "does not begin with the numbers"),
    "a truncated binary": ("v.bin", binary()[:-3], "ends or breaks off in word 4 of 4"),
    "a binary cut at a word": ("v.bin", binary(newline=b"")[:-13], "breaks off in word 4 of 4"),
    "a binary with more words promised": ("v.bin", b"9" + binary()[1:], "in word 5 of 9"),
    "a word without end": ("v.bin", b"1 2\n" + b"x" * 2**22, "in word 1 of 1"),
    "NaN in a binary": (
        "v.bin",
        binary(["a", "b"], [[1, 2], [1, np.nan]]),
        "vector of 'b' has NaN",
    ),
    "not compressed": ("v.txt.gz", text(), "cannot be decompressed"),
    "compressed data cut": ("v.txt.gz", GZ[:-20], "cannot be decompressed"),
    "compressed data wrong": ("v.txt.gz", GZ[:10] + b"\xff" * 20 + GZ[30:], "cannot be decompr"),
    "a wrong checksum": ("v.bin.gz", gzip.compress(binary())[:-8] + bytes(8), "line|decompressed"),
    "no zip archive": ("v.npz", b"win 1 2", "no arrays 'words' and 'vectors'"),
    "an empty archive": ("v.npz", b"", "no arrays 'words' and 'vectors'"),
}
WRONG_ARRAYS = {
    "no vectors": ({"words": WORDS}, "no arrays 'words' and 'vectors'"),
    "no words": ({"vectors": MATRIX}, "no arrays 'words' and 'vectors'"),
    "pickled words": ({"words": np.array(WORDS, object), "vectors": MATRIX}, "without pickle"),
    "another length": ({"words": WORDS[1:], "vectors": MATRIX}, r"shape \(3,\).*shape \(4, 3\)"),
    "one vector": ({"words": WORDS[:3], "vectors": MATRIX[0]}, r"vectors has shape \(3,\)"),
    "no dimension": ({"words": WORDS, "vectors": MATRIX[:, :0]}, r"vectors has shape \(4, 0\)"),
    "strings": ({"words": WORDS, "vectors": MATRIX.astype(str)}, "dtype <U"),
    "complex numbers": ({"words": WORDS, "vectors": MATRIX * 1j}, "dtype complex"),
    "infinity": (
        {"words": WORDS, "vectors": np.where(MATRIX > 2, np.inf, MATRIX)},
        "vector of 'été' has NaN",
    ),
    "too large": ({"words": WORDS, "vectors": np.full((4, 2), 1e300)}, "infinity"),
    "no row": ({"words": np.array([], "U1"), "vectors": MATRIX[:0]}, "no word"),
}


@pytest.mark.filterwarnings("error::RuntimeWarning:skcnn")
@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_is_refused_with_its_name_and_the_place(case, tmp_path):
    name, content, message = DAMAGE[case]
    with pytest.raises(ValueError, match=f"word_vectors: {name} is damaged.*{message}"):
        resolve_word_vectors(written(tmp_path / name, content))


@pytest.mark.filterwarnings("error::RuntimeWarning:skcnn")
@pytest.mark.parametrize("case", WRONG_ARRAYS)
def test_an_archive_with_other_arrays_is_refused(case, tmp_path):
    arrays, message = WRONG_ARRAYS[case]
    np.savez(tmp_path / "v.npz", **arrays)
    with pytest.raises(ValueError, match=f"word_vectors: v.npz is damaged.*{message}"):
        resolve_word_vectors(tmp_path / "v.npz")


def test_one_array_under_the_name_of_an_archive_is_refused(tmp_path):
    np.save(tmp_path / "v.npy", MATRIX)
    (tmp_path / "v.npy").rename(tmp_path / "v.npz")
    with pytest.raises(ValueError, match=r"v\.npz is damaged"):
        resolve_word_vectors(tmp_path / "v.npz")


def test_every_cut_of_a_compressed_archive_is_noticed(tmp_path):
    content = archive(tmp_path / "v.npz", words=WORDS, vectors=MATRIX)
    for end in range(0, len(content), 7):
        with pytest.raises(ValueError, match=r"v\.npz is damaged"):
            resolve_word_vectors(written(tmp_path / "v.npz", content[:end]))


def test_bytes_that_are_no_text_spoil_only_their_own_word(tmp_path):
    words = [b"win", b"\xff\xfe", b"cash", b"\xe9t\xe9"]
    np.savez(tmp_path / "v.npz", words=words, vectors=MATRIX)
    vectors = resolve_word_vectors(tmp_path / "v.npz")
    rows, found = vectors.rows(["win", "cash"])
    assert found.all()
    np.testing.assert_array_equal(rows, MATRIX[[0, 2]].astype(np.float32))


@pytest.mark.parametrize("name", ["v.model", "v.npy", "v.csv", "v.gz", "vec"])
def test_an_unknown_suffix_is_refused_and_the_known_ones_named(name, tmp_path):
    with pytest.raises(ValueError, match=rf"the file '{name}'.*\.vec, \.txt, .*\.npz"):
        resolve_word_vectors(written(tmp_path / name, text()))


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_missing_file_and_a_folder_are_named(kind, tmp_path):
    (tmp_path / "folder.vec").mkdir()
    for name in ("absent.vec", "folder.vec"):
        with pytest.raises(FileNotFoundError, match=rf"{name}.*not a file.*KeyedVectors"):
            resolve_word_vectors(kind(tmp_path / name))


def test_the_file_that_was_read_last_is_kept_until_it_changes(tmp_path):
    path = written(tmp_path / "v.vec", text())
    first = resolve_word_vectors(path)
    assert resolve_word_vectors(str(path)) is first
    assert resolve_word_vectors(path, lowercase=False) is not first
    before = resolve_word_vectors(path)
    written(path, text(["cash", *WORDS[1:]]))
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))
    after = resolve_word_vectors(path)
    assert before.words == WORDS
    assert after.words == ["cash", *WORDS[1:]]


def peak_and_bound(path):
    """Traced memory at the peak of reading, and 1.3 times the array plus the words' index."""
    tracemalloc.start()
    try:
        vectors = resolve_word_vectors(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert vectors.vectors.shape == (400_000, 50)
    objects = sum(sys.getsizeof(word) + sys.getsizeof(row) for word, row in vectors.index.items())
    return peak, 1.3 * vectors.vectors.nbytes + sys.getsizeof(vectors.index) + objects


def test_a_binary_file_is_read_with_little_more_memory_than_its_vectors_take(tmp_path):
    row = b" " + np.arange(50, dtype="<f4").tobytes()
    with (tmp_path / "v.bin").open("wb") as file:
        file.write(b"400000 50\n")
        file.writelines(b"w%d" % i + row for i in range(400_000))
    peak, bound = peak_and_bound(tmp_path / "v.bin")
    assert peak < bound


@pytest.mark.slow
def test_a_text_file_is_read_with_little_more_memory_than_its_vectors_take(tmp_path):
    row = " ".join(map(str, range(50))).encode()
    with (tmp_path / "v.txt").open("wb") as file:
        file.writelines(b"w%d %b\n" % (i, row) for i in range(400_000))
    peak, bound = peak_and_bound(tmp_path / "v.txt")
    assert peak < bound


class KeyedVectors:
    """With attributes named as in gensim."""

    def __init__(self, words, vectors):
        self.index_to_key = words
        self.vectors = vectors


class Fitted:
    """With attributes named as in scikit-learn."""

    def __init__(self, words, vectors):
        self.words_ = words
        self.vectors_ = vectors


@pytest.mark.parametrize("kind", [KeyedVectors, Fitted])
@pytest.mark.parametrize("words", [WORDS, np.array(WORDS), tuple(WORDS)], ids=type)
def test_an_object_with_words_and_vectors_will_do(kind, words):
    vectors = resolve_word_vectors(kind(words, MATRIX))
    assert vectors.words == WORDS
    assert vectors.vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors.vectors, MATRIX.astype(np.float32))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (KeyedVectors([], np.empty((0, 2))), ValueError, "empty"),
        (KeyedVectors([1, 2], MATRIX[:2]), TypeError, "key 1 of type int"),
        (KeyedVectors(["a"], np.array([[np.inf, 1]])), ValueError, "infinity.*for 'a'"),
        (KeyedVectors(["a", "b"], MATRIX[:1]), ValueError, "2 words and 1 vectors"),
    ],
)
def test_an_object_that_cannot_be_used_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        resolve_word_vectors(wrong)


@pytest.mark.parametrize("sequence", [list, tuple])
def test_vectors_of_a_list_are_joined_with_zeros_for_missing_words(sequence, tmp_path):
    path = written(tmp_path / "v.vec", text())
    vectors = resolve_word_vectors(sequence([{"Win": [7.0]}, path, KeyedVectors(["x"], [[8.0]])]))
    assert vectors.dimension == 5
    assert set(vectors.words) == {*WORDS, "x"}
    rows, found = vectors.rows(["win", "x", "日", "lost"])
    assert rows.tolist() == [[7, 0.5, -1, 2, 0], [0, 0, 0, 0, 8], [0, 0, 1, 0, 0], [0] * 5]
    assert found.tolist() == [True, True, True, False]


def test_lists_in_lists_are_one_list():
    nested = resolve_word_vectors([{"a": [1]}, [{"a": [2]}, {"b": [3]}]])
    flat = resolve_word_vectors([{"a": [1]}, {"a": [2]}, {"b": [3]}])
    assert nested.words == flat.words
    np.testing.assert_array_equal(nested.vectors, flat.vectors)


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ([], ValueError, "word_vectors is empty"),
        ([{"a": [1]}, []], ValueError, "word_vectors is empty"),
        ([{"a": [1]}, {}], ValueError, "word_vectors is empty"),
        ([None], TypeError, "type NoneType"),
        ([{"a": [1]}, [5]], TypeError, "type int"),
        ([{"a": [1]}, ["absent.vec"]], FileNotFoundError, r"absent\.vec"),
        ([{"a": [1]}, {"b": [np.nan]}], ValueError, "NaN.*for 'b'"),
    ],
)
def test_what_is_wrong_inside_a_list_is_refused(wrong, error, message):
    with pytest.raises(error, match=message):
        resolve_word_vectors(wrong)
