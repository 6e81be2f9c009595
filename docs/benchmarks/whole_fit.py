"""A whole fit with the default parameters, and one of TF-IDF with logistic regression.

Both fits start from raw texts: 80 % of the rows of ade_sentences. skcnn uses early stopping.
"""

from __future__ import annotations

from _common import COST_RATIO, interleaved, load_binary, parser, report, tfidf_logistic_regression
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN


def main() -> None:
    """Print seconds a fit and ratios."""
    arguments = parser(__doc__).parse_args()
    texts, labels, rare = load_binary(arguments.data, "ade_sentences")
    texts, _, labels, _ = train_test_split(
        texts, labels, test_size=0.2, stratify=labels, random_state=0
    )
    cnn = CostSensitiveTextCNN({rare: COST_RATIO}, random_state=0)
    cnn.fit(texts[:1000], labels[:1000])  # loads TensorFlow and compiles the loops
    linear = tfidf_logistic_regression()
    candidates = {
        "tf-idf + logistic regression": lambda: linear.fit(texts, labels),
        "skcnn": lambda: cnn.fit(texts, labels),
    }
    report(interleaved(candidates, arguments.repeats), "tf-idf + logistic regression")
    print(f"epochs run: {cnn.n_iter_}")


if __name__ == "__main__":
    main()
