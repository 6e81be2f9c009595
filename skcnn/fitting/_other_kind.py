"""A warning where unlabeled texts are of another kind than the labeled ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from skcnn._compat import warn_user
from skcnn.text._tokenizer import Tokenization

# Pairs of seven corpora with 1,000 labels: for texts of the same corpus the ratio is 1.0, for texts
# of another one 0.5 to 0.97, and below this in four of five pairs.
_LOWEST_RATIO = 0.85
# So many texts are enough to compare shares.
_MAX_TEXTS = 2000
_MIN_TEXTS = 100
# One of so many labeled texts is compared with the words of the others.
_PARTS = 5


def warn_if_other_kind(
    labeled: Sequence[str], unlabeled: Sequence[str], tokenize: Tokenization
) -> None:
    """Warn if clearly fewer words of the unlabeled texts occur in labeled texts than usual.

    Usual is the share for labeled texts that are left out. Fewer than 100 texts are not compared.
    """
    if min(len(labeled), len(unlabeled)) < _MIN_TEXTS:
        return
    others = [text for row, text in enumerate(labeled) if row % _PARTS]
    known = {word for text in tokenize(others) for word in text}
    usual = _share_of_known_words(labeled[::_PARTS], known, tokenize)
    found = _share_of_known_words(unlabeled, known, tokenize)
    if found < _LOWEST_RATIO * usual:
        warn_user(
            f"unlabeled seems to hold texts of another kind: {found:.0%} of their words occur in "
            f"the labeled texts, compared with {usual:.0%} for labeled texts that were left out. "
            "The models may learn what is not true of your texts. Give unlabeled texts of the same "
            "kind as X."
        )


def _share_of_known_words(
    texts: Sequence[str], known: Collection[str], tokenize: Tokenization
) -> float:
    step = -(-len(texts) // _MAX_TEXTS)
    words = [word for text in tokenize(list(texts[::step])) for word in text]
    return sum(word in known for word in words) / max(len(words), 1)
