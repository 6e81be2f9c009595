"""
Which costs? A grid and a path
==============================

Often nobody knows what an error costs. ``cost_path`` shows what a choice leads to: recall,
precision and cost for each ratio of the two costs. If you do know the costs, a grid search shows
whether the estimator does best with the same ones.

The task: find the tech headlines among headlines of BBC News.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import make_scorer, recall_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split

from skcnn import CostSensitiveTextCNN, average_cost, cost_grid, cost_path, make_cost_scorer
from skcnn.datasets import load_bbc_headlines
from skcnn.inspection import CostPathDisplay

headlines, sections = load_bbc_headlines(return_X_y=True)
y = np.where(sections == "tech", "tech", "other")
X_train, X_test, y_train, y_test = train_test_split(headlines, y, stratify=y, random_state=0)
folds = StratifiedKFold(3, shuffle=True, random_state=0)
cnn = CostSensitiveTextCNN(loss="cross_entropy", n_filters=50, epochs=8, random_state=0)

# %%
# A path over the costs
# ---------------------
# With ``loss="cross_entropy"`` the costs count in the decision alone. So the network is trained
# once for each fold, and not for each ratio. See :doc:`/decisions`.

ratios = (1, 2, 5, 10, 20)
path = cost_path(cnn, X_train, y_train, ratios, pos_label="tech", cv=folds)
print(path)

# %%
# A grid over the costs
# ---------------------
# Here the real costs are known: a missed tech headline costs 5 false alarms. Each candidate decides
# by its own costs, and all of them are scored by the real ones. The scores of scikit-learn are
# better if they are greater, so a cost is negative there.

real_costs = {"tech": 5}
search = GridSearchCV(
    cnn,
    {"cost_matrix": cost_grid("tech", ratios)},
    scoring={
        "cost": make_cost_scorer(real_costs),
        "recall": make_scorer(recall_score, pos_label="tech"),
    },
    refit="cost",
    cv=folds,
).fit(X_train, y_train)
results = search.cv_results_
for candidate, recall, score in zip(
    results["param_cost_matrix"],
    results["mean_test_recall"],
    results["mean_test_cost"],
    strict=True,
):
    print(f"{candidate!s:12}  recall {recall:.2f}, real cost {-score:.3f}")

# %%
# The figures of a search are used to choose. The cost to report comes from headlines that had no
# part in the choice:

best = search.best_params_["cost_matrix"]["tech"]
held_out = average_cost(y_test, search.predict(X_test), cost_matrix=real_costs)
print(f"chosen: a miss costs {best}; average cost on {len(y_test)} new headlines: {held_out:.3f}")

# %%
# Both in one picture
# -------------------

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
CostPathDisplay.from_cost_path(path, ax=left)
left.set_title("Path: what each ratio leads to, by its own costs")
for scores in (results[f"split{fold}_test_cost"] for fold in range(3)):
    right.plot(ratios, -scores, color="#999999", linewidth=1)
right.plot(ratios, -results["mean_test_cost"], "o-", color="#009e73", label="mean of three folds")
right.plot([], [], color="#999999", linewidth=1, label="one fold")
right.axvline(5, color="black", linestyle="--", linewidth=1, label="the real cost of a miss")
right.set_xscale("log")
right.set_xticks(ratios, [str(ratio) for ratio in ratios])
right.minorticks_off()
right.set(xlabel="cost of a miss that the classifier decides by", ylim=(0, None))
right.set(
    ylabel="average real cost (a false alarm: 1)",
    title=f"Grid: cheapest with a miss at {best}",
)
right.legend(frameon=False)
plt.show()
