"""What skcnn is compared with: TF-IDF + logistic regression."""

from __future__ import annotations

from typing import Any


def tfidf_logistic_regression() -> Any:
    """Return a classifier of words, word pairs and character n-grams, which is not fitted yet."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    return make_pipeline(
        make_union(
            TfidfVectorizer(ngram_range=(1, 2)),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)),
        ),
        LogisticRegression(C=4, max_iter=1000),
    )
