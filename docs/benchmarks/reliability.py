"""How well outputs and posterior fit as probabilities, for networks with different losses.

Sentences on adverse drug events, every loss at 5 to 1. Prints log loss and Brier score of the
outputs and of the posterior, and draws reliability curves of both for three losses.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from _common import COST_RATIO, load_binary, parser
from decisions import OutputsUnchanged
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split

from skcnn import CostSensitiveTextCNN, check_cost_matrix
from skcnn.costs import loss_cost_matrix, posterior
from skcnn.costs._loss_formulas import LOSS_NAMES
from skcnn.network.losses import make_loss

DRAWN = ("weighted", "misclassification", "focal")
OUTPUT = {"color": "#d55e00", "linestyle": "--", "marker": "s"}
POSTERIOR = {"color": "#0072b2", "linestyle": "-", "marker": "o"}


def main() -> None:
    """Train a network with each loss; print the table and draw the picture."""
    command_line = parser(__doc__)
    command_line.add_argument("--picture", type=Path, required=True)
    arguments = command_line.parse_args()
    texts, labels, rare = load_binary(arguments.data, "ade_sentences")
    is_rare = labels == rare
    train, test, y_train, y_test = train_test_split(
        texts, is_rare, test_size=0.2, stratify=is_rare, random_state=0
    )
    costs = loss_cost_matrix(check_cost_matrix({1: COST_RATIO}, [0, 1]), np.bincount(y_train))
    _, axes = plt.subplots(1, len(DRAWN), figsize=(11, 4), sharey=True, layout="constrained")
    print(
        "| loss | log loss: output | posterior | Brier score: output | posterior |\n|" + "---|" * 5
    )
    for name in LOSS_NAMES:
        loss = OutputsUnchanged(make_loss(name, costs))
        model = CostSensitiveTextCNN(loss=loss, linear_model=False, random_state=0)
        softmax = model.fit(train, y_train).predict_proba(test)
        both = {"output": softmax, "posterior": posterior(softmax, name, costs)}
        cells = [f"{log_loss(y_test, P):.3f}" for P in both.values()]
        cells += [f"{brier_score_loss(y_test, P[:, 1]):.3f}" for P in both.values()]
        print(f"| `{name}` | {' | '.join(cells)} |", flush=True)
        if name in DRAWN:
            draw(name, both, y_test, axes[DRAWN.index(name)])
    plt.savefig(arguments.picture, dpi=100)


def draw(name: str, both: dict[str, np.ndarray], y: np.ndarray, ax: plt.Axes) -> None:
    """Draw the reliability curves of the outputs and of the posterior."""
    for (label, P), style in zip(both.items(), (OUTPUT, POSTERIOR), strict=True):
        CalibrationDisplay.from_predictions(
            y, P[:, 1], n_bins=10, strategy="quantile", name=label, ax=ax, **style
        )
    ax.legend(loc="upper left")
    ax.set(title=f'loss="{name}"', xlabel="mean probability", ylabel="share of adverse events")


if __name__ == "__main__":
    main()
