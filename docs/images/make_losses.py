"""Draw losses.png: each loss at 5 to 1, and the output that training leads to.

Run it with ``python docs/images/make_losses.py``; it needs the extra plot.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skcnn.losses import (
    CrossEntropy,
    ExpectedCost,
    FocalCost,
    HardMisclassificationCost,
    MisclassificationCost,
    WeightedCrossEntropy,
)

COSTS = [[0, 1], [5, 0]]
STYLES = {
    CrossEntropy: ("#000000", "-"),
    WeightedCrossEntropy: ("#0072b2", "--"),
    MisclassificationCost: ("#d55e00", "-."),
    ExpectedCost: ("#009e73", ":"),
    FocalCost: ("#cc79a7", (0, (6, 1, 1, 1, 1, 1))),
    HardMisclassificationCost: ("#999999", (0, (8, 3))),
}


def main() -> None:
    q = np.linspace(0.001, 0.999, 999)
    _, (value, minimum) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for loss, (color, style) in STYLES.items():
        of_row = loss(COSTS, reduction=None, dtype="float64")
        negative, positive = (np.asarray(of_row(np.full(999, t), q[:, None])) for t in (0, 1))
        options = {"color": color, "linestyle": style, "label": loss.__name__}
        value.plot(q, positive, **options)
        expected = np.outer(q, positive) + np.outer(1 - q, negative)  # (true, output)
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
