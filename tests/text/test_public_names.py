from __future__ import annotations

import pytest

import skcnn
import skcnn.text
from skcnn.text._cooccurrence import CooccurrenceVectors


def test_every_public_name_of_the_room_can_be_imported():
    for name in skcnn.text.__all__:
        assert getattr(skcnn.text, name).__name__ == name
    assert dir(skcnn.text) == sorted(skcnn.text.__all__)


def test_cooccurrence_vectors_are_the_same_class_at_both_doors():
    assert skcnn.text.CooccurrenceVectors is skcnn.CooccurrenceVectors is CooccurrenceVectors


def test_another_name_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        skcnn.text.nothing  # noqa: B018
