"""
Text beside numbers
===================

Many tables have a column of texts and columns of numbers. ``CostSensitiveTextCNN`` reads the texts,
another classifier reads the numbers, and scikit-learn's ``StackingClassifier`` joins both.

The table: the headlines of BBC News, and numbers that we count in each article: its length, the
mean length of its words, and the shares of numerals, quotation marks, currency signs and words with
a capital letter. The task: find the tech headlines. A missed tech headline costs 5, a false alarm
costs 1.
"""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline

from skcnn import (
    CostSensitiveTextCNN,
    MinCostClassifier,
    average_cost,
    decide,
    normalized_cost,
)
from skcnn.datasets import load_bbc_headlines
from skcnn.inspection import CostCurveDisplay

news = load_bbc_headlines()


def numbers_of(article):
    words = article.split()
    return {
        "words": len(words),
        "length": np.mean([len(word) for word in words]),
        "numerals": np.mean([any(c.isdigit() for c in word) for word in words]),
        "quotes": article.count('"') / len(words),
        "money": len(re.findall("[£$€]", article)) / len(words),
        "capitals": np.mean([word[0].isupper() for word in words]),
    }


table = pd.DataFrame([numbers_of(article) for article in news.bodies])
numbers = list(table.columns)
table.insert(0, "headline", news.data)
y = (news.target == "tech").astype(int)
X_train, X_test, y_train, y_test = train_test_split(table, y, stratify=y, random_state=0)
print(table.head(3).round(3).to_string(index=False))

# %%
# One classifier for each kind of column
# --------------------------------------
# A ``ColumnTransformer`` hands each classifier its columns. ``StackingClassifier`` learns from
# predictions for headlines that its parts did not learn from. It predicts the more probable class,
# so ``MinCostClassifier`` around it decides by the costs.

costs = {1: 5}
text = make_pipeline(
    make_column_transformer(("passthrough", ["headline"])),
    CostSensitiveTextCNN(word_vectors="glove", random_state=0),
)
boosted = make_pipeline(
    make_column_transformer(("passthrough", numbers)),
    HistGradientBoostingClassifier(max_leaf_nodes=8, max_iter=60, random_state=0),
)
folds = StratifiedKFold(3, shuffle=True, random_state=0)
stack = StackingClassifier(
    [("text", text), ("numbers", boosted)], final_estimator=LogisticRegression(), cv=folds
)
model = MinCostClassifier(stack, costs).fit(X_train, y_train)
print(f"average cost {average_cost(y_test, model.predict(X_test), cost_matrix=costs):.2f}")

# %%
# The stack has fitted both parts on all training rows, so they can be asked alone too:

classifiers = dict(reversed(model.estimator_.named_estimators_.items()))
classifiers["text and numbers"] = model
probabilities = {name: part.predict_proba(X_test) for name, part in classifiers.items()}
normalized = {
    name: normalized_cost(y_test, decide(P, costs), cost_matrix=costs)
    for name, P in probabilities.items()
}
for name, cost in normalized.items():
    print(f"{name:17} normalized cost {cost:.2f}")

# %%
# Is the stack worth it?
# ----------------------
# Left: the cost at every ratio of the two costs, not only at 5. Right: at the ratio of this
# example. A normalized cost of 1 is the cost of the cheapest constant prediction, which is one
# class for all texts.

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
colors = ("#e69f00", "#56b4e9", "#0072b2")
for (name, P), color in zip(probabilities.items(), colors, strict=True):
    CostCurveDisplay.from_predictions(
        y_test, P[:, 1], kind="brier", name=name, reference=name == "text", color=color, ax=left
    )
left.set_title("Cost at every ratio of the costs")
bars = right.bar(list(normalized), list(normalized.values()), color=colors)
right.bar_label(bars, fmt="%.2f", padding=2)
right.margins(y=0.1)
right.set(ylabel="normalized cost (lower is better)", title="A miss costs 5, a false alarm 1")
right.spines[["top", "right"]].set_visible(False)
plt.show()
