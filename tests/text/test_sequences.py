from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skcnn.text._sequences import PADDING, TokenSequences

id_lists = st.lists(st.lists(st.integers(1, 50), max_size=6), max_size=8)


def unpacked(sequences):
    starts, ends = sequences.offsets[:-1], sequences.offsets[1:]
    return [sequences.ids[a:b].tolist() for a, b in zip(starts, ends, strict=True)]


@given(id_lists)
def test_lists_come_back_as_they_went_in(rows):
    sequences = TokenSequences.from_lists(rows)
    assert sequences.ids.dtype == np.int32
    assert sequences.offsets.dtype == np.int64
    assert len(sequences) == len(rows)
    assert sequences.lengths.tolist() == [len(row) for row in rows]
    assert unpacked(sequences) == rows


@given(id_lists.filter(bool), st.data())
def test_taking_texts_is_indexing_the_list(rows, data):
    chosen = data.draw(st.lists(st.integers(-len(rows), len(rows) - 1)))
    taken = TokenSequences.from_lists(rows).take(chosen)
    assert unpacked(taken) == [rows[i] for i in chosen]
    assert taken.ids.dtype == np.int32


def test_texts_are_taken_by_a_mask_as_well():
    sequences = TokenSequences.from_lists([[5], [6, 7], [8]])
    assert unpacked(sequences.take([False, True, True])) == [[6, 7], [8]]


def test_a_text_that_is_not_there_cannot_be_taken():
    with pytest.raises(IndexError):
        TokenSequences.from_lists([[5]]).take([1])


def test_what_is_taken_does_not_share_memory():
    sequences = TokenSequences.from_lists([[5], [6]])
    sequences.take([0, 1]).ids[:] = 9
    assert unpacked(sequences) == [[5], [6]]


@given(id_lists, st.integers(0, 8))
def test_padding_fills_each_text_up_at_its_end(rows, min_length):
    padded = TokenSequences.from_lists(rows).to_padded(min_length)
    width = max([min_length, *map(len, rows)])
    assert padded.dtype == np.int32
    assert padded.shape == (len(rows), width)
    assert padded.tolist() == [row + [PADDING] * (width - len(row)) for row in rows]


def test_an_empty_text_still_has_one_column():
    assert TokenSequences.from_lists([[]]).to_padded().tolist() == [[PADDING]]


@pytest.mark.parametrize("offsets", [[], [0, 1], [1, 2], [0, 3], [0, 2, 1, 2], [[0, 2]]])
def test_offsets_that_do_not_fit_are_refused(offsets):
    with pytest.raises(ValueError, match="does not divide 2 ids into texts"):
        TokenSequences(np.array([5, 6], dtype=np.int32), np.array(offsets, dtype=np.int64))
