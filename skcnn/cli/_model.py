"""A saved model, as the commands use it: probabilities to decisions, labels as strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from skcnn import CostSensitiveTextCNN, MinCostClassifier
    from skcnn._arrays import Float64
    from skcnn.inspection._explanation import Explanations

    Model = CostSensitiveTextCNN | MinCostClassifier

# What an abstention looks like in a table, unless the model itself has a label for it.
NO_PREDICTION = ""


@dataclass(frozen=True, eq=False)
class Decision:
    """How probabilities become predictions.

    Attributes
    ----------
    costs : (K, K), whose expected cost is lowest for the prediction
    positive : position of the label that `threshold` is for
    threshold : from this probability on the positive label is predicted; None: the costs decide
    abstain_cost : cost of no prediction; None: every text gets one
    no_prediction : what a table has in its place
    """

    costs: Float64
    positive: int = 0
    threshold: float | None = None
    abstain_cost: float | None = None
    no_prediction: Any = NO_PREDICTION

    def __call__(self, P: Float64) -> NDArray[np.int64]:
        """Return the position of each predicted class, -1 for an abstention, (n,)."""
        import numpy as np

        from skcnn.costs._decision import decide

        if self.threshold is not None:
            return np.where(P[:, self.positive] >= self.threshold, self.positive, 1 - self.positive)
        return decide(P, self.costs, abstain_cost=self.abstain_cost)


def load_model(path: Path) -> Model:
    """Load a model file: a network, alone or with a rule by which it decides."""
    from skcnn import load

    return load(path)


def network_of(model: Model) -> CostSensitiveTextCNN:
    """Return the network of a model, without a rule."""
    from skcnn.costs._min_cost import MinCostClassifier
    from skcnn.files._rule import inner_network

    if not isinstance(model, MinCostClassifier):
        return model
    network: CostSensitiveTextCNN = inner_network(model)
    return network


def explained(model: Model, texts: list[str]) -> Explanations:
    """Explain the cheapest predictions at the costs of the model, before its rule counts."""
    network = network_of(model)
    if network is not model:
        network = network.with_costs(model.cost_matrix_)
    return network.explain(texts)


def names_of(model: Model) -> list[str]:
    """Return the labels as strings, as they are in a table."""
    return list(map(str, model.classes_.tolist()))


def check_options(threshold: float | None, abstain_cost: float | None) -> None:
    """Raise an error about options that contradict each other."""
    if threshold is not None and abstain_cost is not None:
        raise ValueError(
            "--threshold and --abstain-cost are two ways to decide. Leave one of them out."
        )


def decision_of(
    model: Model,
    positive: str | None,
    threshold: float | None,
    abstain_cost: float | None,
) -> Decision:
    """Return how a model decides with the options of a command.

    Raises
    ------
    ValueError
        If the positive label is unknown, or a threshold is given for three labels or more.
    """
    from skcnn.costs._decision import decision_costs

    costs = decision_costs(model.decision, model.cost_matrix_)
    if abstain_cost is not None:
        return Decision(costs, abstain_cost=abstain_cost)
    if threshold is None:
        return _own_decision(model, costs)
    return Decision(costs, threshold_position(model, positive), threshold)


def threshold_position(model: Model, positive: str | None) -> int:
    """Return the position of the label that a threshold is for.

    Raises
    ------
    ValueError
        If there are three labels or more, or it is unknown.
    """
    if len(model.classes_) > 2:
        raise ValueError(
            f"a threshold is for two labels; the model has {len(model.classes_)}. Leave it out: "
            "the costs decide."
        )
    return positive_position(model, positive)


def _own_decision(model: Model, costs: Float64) -> Decision:
    """Return how a model decides without options."""
    fixed, abstention = model._fixed_threshold(), model._abstention()
    if fixed is not None:
        return Decision(costs, fixed.position, fixed.threshold)
    if abstention.get("abstain_cost") is None:
        return Decision(costs)
    return Decision(
        costs,
        abstain_cost=abstention["abstain_cost"],
        no_prediction=abstention["abstain_label"],
    )


def positive_position(model: Model, positive: str | None) -> int:
    """Return the position of the label to find: as named, or the one that costs most to miss.

    Raises
    ------
    ValueError
        If it is unknown, or three labels or more cost the same to miss.
    """
    import numpy as np

    from skcnn.costs._matrix import class_costs

    names = names_of(model)
    if positive is not None:
        return position_of(positive, names, "--positive")
    costs = class_costs(model.cost_matrix_)
    highest = np.flatnonzero(costs == costs.max())
    if len(highest) > 1 and len(names) > 2:
        raise ValueError(
            f"the labels {', '.join(names[k] for k in highest[:5])} cost the same to miss. Name "
            "the label to find with --positive."
        )
    return int(highest[-1])


def position_of(label: str, names: Sequence[str], option: str) -> int:
    """Return the position of a label; raise an error that names the option if it is unknown."""
    from skcnn.cli._cost_options import no_such_label

    if label not in names:
        raise ValueError(f"{option} {label}: {no_such_label(names, 'the model')}")
    return list(names).index(label)


def positions_of(labels: Sequence[str], names: Sequence[str], table: str) -> NDArray[np.int64]:
    """Return the position of each label of a table, (n,).

    Raises
    ------
    ValueError
        If a label is not one of the model.
    """
    import numpy as np

    known = {name: position for position, name in enumerate(names)}
    unknown = sorted(set(labels) - known.keys())
    if unknown:
        shown = ", ".join(map(repr, unknown[:5])) + (", ..." if len(unknown) > 5 else "")
        raise ValueError(
            f"{table} has the labels {shown}, which the model does not know; it knows "
            f"{', '.join(map(repr, names[:20]))}. Change these labels or leave the rows out."
        )
    return np.array([known[label] for label in labels])


def labels_at(model: Model, positions: NDArray[Any], decision: Decision) -> list[Any]:
    """Return predictions for a table."""
    classes = model.classes_.tolist()
    return [decision.no_prediction if place < 0 else classes[place] for place in positions.tolist()]


def predict_in_blocks(model: Model, texts: Sequence[str], show: Any, n_rows: int = 4096) -> Float64:
    """Estimate P(class | text), (n, K), and show how far it is."""
    import numpy as np

    parts = []
    for start in range(0, len(texts), n_rows):
        show(f"Predicted {start:,} of {len(texts):,} rows")
        parts.append(model.predict_proba(list(texts[start : start + n_rows])))
    return np.concatenate(parts)
