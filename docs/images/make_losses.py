"""Draw losses.png: each loss at 5 to 1, and where the output ends for each true probability.

Run it with ``python docs/images/make_losses.py``; it needs the extra plot.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skcnn.costs._loss_formulas import LOSS_FORMULAS

COSTS = np.array([[0.0, 1.0], [5.0, 0.0]])
STYLES = {
    "cross_entropy": ("#000000", "-"),
    "weighted": ("#0072b2", "--"),
    "misclassification": ("#d55e00", "-."),
    "expected_cost": ("#009e73", ":"),
    "focal": ("#cc79a7", (0, (6, 1, 1, 1, 1, 1))),
    "hard_misclassification": ("#999999", (0, (8, 3))),
}


def main() -> None:
    q = np.linspace(0.001, 0.999, 999)
    scores = np.column_stack([1 - q, q])
    _, (value, minimum) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for name, (color, style) in STYLES.items():
        table = LOSS_FORMULAS[name]().value(scores, COSTS)  # (999, 2)
        options = {"color": color, "linestyle": style, "label": name}
        value.plot(q, table[:, 1], **options)
        expected = np.outer(q, table[:, 1]) + np.outer(1 - q, table[:, 0])  # (true, output)
        minimum.plot(q, q[expected.argmin(axis=1)], **options)
    value.set(
        ylim=(0, 12), xlabel="output q for the positive class", ylabel="loss of a positive text"
    )
    minimum.set(
        xlabel="true probability of the positive class", ylabel="output with the lowest mean loss"
    )
    minimum.axvline(1 / 6, color="#666666", linewidth=0.8)
    minimum.legend()
    plt.savefig(Path(__file__).with_name("losses.png"), dpi=90)


if __name__ == "__main__":
    main()
