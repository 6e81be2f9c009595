"""
Three classes, and a cost for each error
========================================

With three classes there are six errors, and each of them may have a cost of its own. This example
routes headlines of BBC News to three desks of a newsroom. A text on the wrong desk costs minutes:

- The desks for business and tech share a room. A headline that goes to the wrong one of the two
  costs 1 minute.
- The desk for politics works in another building. A headline that goes there by mistake costs 2
  minutes.
- A political headline that goes elsewhere misses a deadline. It costs 20 minutes.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline, make_union

from skcnn import CostSensitiveTextCNN, MinCostClassifier, average_cost
from skcnn.datasets import load_bbc_headlines
from skcnn.inspection import CostConfusionMatrixDisplay

headlines, sections = load_bbc_headlines(return_X_y=True)
kept = np.isin(sections, ["business", "politics", "tech"])
X, y = np.array(headlines)[kept], sections[kept]
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)

# %%
# The costs
# ---------
# Each pair is (true class, prediction). A pair that is left out is a correct prediction and costs
# nothing.

minutes = {
    ("business", "tech"): 1,
    ("tech", "business"): 1,
    ("business", "politics"): 2,
    ("tech", "politics"): 2,
    ("politics", "business"): 20,
    ("politics", "tech"): 20,
}

# %%
# Two networks, and TF-IDF
# ------------------------
# The first network knows nothing of the costs: it predicts the most probable desk. The second one
# learns and decides by the costs; :doc:`/cost_matrices` has all forms of costs. The third
# classifier is simple: TF-IDF of words and of characters + logistic regression. Its strength
# is chosen on folds of the training headlines, and it decides by the same costs.

equal = CostSensitiveTextCNN(word_vectors="glove", random_state=0).fit(X_train, y_train)
careful = CostSensitiveTextCNN(minutes, word_vectors="glove", random_state=0).fit(X_train, y_train)
ngrams = make_union(
    TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
)
linear = GridSearchCV(
    make_pipeline(ngrams, LogisticRegression(max_iter=1000)),
    {"logisticregression__C": [1, 10, 100]},
    scoring="neg_log_loss",
    cv=3,
)
simple = MinCostClassifier(linear, minutes).fit(X_train, y_train)
for name, model in {"equal costs": equal, "costs": careful, "TF-IDF, costs": simple}.items():
    y_pred = model.predict(X_test)
    cost = average_cost(y_test, y_pred, cost_matrix=minutes)
    print(f"{name:14} {(y_pred == y_test).mean():.0%} correct, {cost:.2f} minutes a headline")

# %%
# Fewer errors or cheaper errors
# ------------------------------
# The color of a cell is its total cost. With the costs there may be more errors, but they are in
# the cheap cells.

figure, axes = plt.subplots(1, 2, figsize=(11.5, 4.8), layout="constrained")
desks = {"Most probable desk": equal.predict(X_test), "Cheapest desk": careful.predict(X_test)}
displays = [
    CostConfusionMatrixDisplay(
        confusion_matrix(y_test, y_pred), minutes, display_labels=equal.classes_, unit="min"
    )
    for y_pred in desks.values()
]
colors = {"vmin": 0, "vmax": max(display.cell_costs.max() for display in displays)}
for name, display, ax in zip(desks, displays, axes, strict=True):
    display.plot(ax, colorbar=False, im_kw=colors)
    ax.set_title(f"{name}: {display.total_cost:.0f} minutes for {len(y_test)} headlines")
figure.colorbar(displays[0].im_, ax=axes, label="total cost of the cell (minutes)")
plt.show()
