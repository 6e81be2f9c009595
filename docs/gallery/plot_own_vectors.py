"""
Word vectors from your own texts
================================

Most teams have few labeled texts and many texts without labels. Word vectors can be learned from
all of them in seconds, and no download is needed. Here the labeled texts are headlines of BBC News,
and the texts without labels are the articles below them. The articles of the test headlines are
left out.

The task: find the tech headlines. A missed tech headline costs 5, a false alarm costs 1.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import normalize

from skcnn import CooccurrenceVectors, CostSensitiveTextCNN, MinCostClassifier, normalized_cost
from skcnn.datasets import load_bbc_headlines

news = load_bbc_headlines()
X, articles = np.array(news.data), np.array(news.bodies)
y = np.where(news.target == "tech", "tech", "other")
splits = StratifiedShuffleSplit(3, test_size=0.25, random_state=0)

# %%
# What own vectors know
# ---------------------
# Words that occur near the same words have similar vectors. The vectors have never seen a label.
# ``CooccurrenceVectors`` are an object for ``word_vectors=``; a file of vectors works too, see
# :doc:`/words`.

train, test = next(splits.split(X, y))
own = CooccurrenceVectors(50, random_state=0).fit([*X[train], *articles[train]])
row_of = {word: row for row, word in enumerate(own.words_)}
unit = normalize(own.vectors_)
for word in ("broadband", "minister", "striker"):
    nearest = np.argsort(-unit @ unit[row_of[word]])[1:6]
    print(f"{word}:", *(own.words_[row] for row in nearest))

# %%
# What they are worth
# -------------------
# Three splits into training and test headlines. For each split the vectors are learned again, from
# the training headlines and their articles. "GloVe" are vectors that others learned from Wikipedia
# and newspapers. TF-IDF (words and characters) + logistic regression is calibrated on
# folds of the training headlines.

costs = {"tech": 5}
ngrams = make_union(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
)
linear = CalibratedClassifierCV(make_pipeline(ngrams, LogisticRegression(C=10, max_iter=1000)))
names = (
    "TF-IDF + logistic regression",
    "skcnn, headlines only",
    "skcnn, own vectors",
    "skcnn, GloVe",
)
normalized = {name: [] for name in names}
for train, test in splits.split(X, y):
    own_vectors = CooccurrenceVectors(50, random_state=0).fit([*X[train], *articles[train]])
    classifiers = (
        MinCostClassifier(linear, costs),
        CostSensitiveTextCNN(costs, random_state=0),
        CostSensitiveTextCNN(costs, word_vectors=own_vectors, random_state=0),
        CostSensitiveTextCNN(costs, word_vectors="glove", random_state=0),
    )
    for name, classifier in zip(names, classifiers, strict=True):
        y_pred = classifier.fit(X[train], y[train]).predict(X[test])
        normalized[name].append(normalized_cost(y[test], y_pred, cost_matrix=costs))
for name, values in normalized.items():
    print(f"{name:30}", *(f"{value:.2f}" for value in values))

# %%
# A map of some words, and the cost
# ---------------------------------
# Left: words that are near each other have similar vectors. Right: a normalized cost of 1 is the
# cost of the cheapest constant prediction, which is one class for all texts.

figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.6), layout="constrained")
groups = {
    "technology": ("internet mobile consoles laptop", "#0072b2"),
    "politics": ("minister voters tory tax", "#d55e00"),
    "sports": ("striker goal rugby champion", "#009e73"),
}
words = [word for listed, _ in groups.values() for word in listed.split() if word in row_of]
places = dict(zip(words, PCA(2).fit_transform(unit[[row_of[word] for word in words]]), strict=True))
for group, (listed, color) in groups.items():
    found = [word for word in listed.split() if word in places]
    left.scatter(*np.transpose([places[word] for word in found]), color=color, label=group)
    for word in found:
        left.annotate(word, places[word], xytext=(4, 3), textcoords="offset points", fontsize=8)
left.set(title="Own vectors of some words", xlabel="first principal component")
left.set_ylabel("second principal component")
left.legend(frameon=False)
means = [np.mean(values) for values in normalized.values()]
right.barh(names, means, color=("#999999", "#56b4e9", "#0072b2", "#cc79a7"), height=0.6)
for position, mean in enumerate(means):
    right.annotate(f"{mean:.2f}", (0.005, position), va="center")
for position, values in enumerate(normalized.values()):
    right.plot(values, [position] * 3, "o", color="black", markersize=4)
right.invert_yaxis()
right.set(xlabel="normalized cost (1: the cheapest constant prediction)", xlim=(0, None))
right.set_title("Bars: mean of three splits (dots)")
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)
plt.show()
