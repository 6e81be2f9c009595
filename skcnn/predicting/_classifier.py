"""A member that the user gave: any fitted scikit-learn classifier of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from skcnn._arrays import Float64
from skcnn.predicting._parts import ExpectedArray, check_arrays, check_names, part
from skcnn.predicting._sentence_model import PROBE
from skcnn.text._long_text import Tokens

# Probabilities in float32 add up to 1 within this.
_SUM_TOLERANCE = 1e-3
_PROBE_TOLERANCE = 0.01
_ARRAYS = {"probe": ExpectedArray(("n_classes",), ("float64",))}


@dataclass(frozen=True, slots=True, eq=False)
class FittedClassifier:
    """A fitted classifier that the user gave.

    Attributes
    ----------
    name : as given in `members`
    classifier : fitted on the labels; its classes are those of the training set
    n_classes : K
    """

    kind: ClassVar[str] = "classifier"
    reads_tokens: ClassVar[bool] = False
    name: str
    classifier: Any
    n_classes: int

    def predict_proba(self, texts: Sequence[str], tokens: Sequence[Tokens]) -> Float64:
        """Estimate P(class | text) for n texts, (n, K).

        Raises
        ------
        ValueError
            If the classifier does not return probabilities of K classes for each text.
        """
        if len(texts) == 0:
            return np.empty((0, self.n_classes))
        return checked_probabilities(self.name, self.classifier, texts, self.n_classes)

    def with_cached_words(self, words: Sequence[str]) -> FittedClassifier:
        """Return the same classifier: it has words of its own."""
        return self

    def without_unseen_words(self) -> FittedClassifier:
        """Return the same classifier: it has words of its own."""
        return self

    def header(self) -> dict[str, Any]:
        """Return what a model file keeps as JSON: the name, not the classifier."""
        return {"name": self.name}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a model file keeps as arrays: probabilities by which it is recognized."""
        return {"probe": self.predict_proba([PROBE], [[]])[0]}

    @classmethod
    def from_parts(
        cls,
        header: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
        n_classes: int,
        members: Mapping[str, Any] | None = None,
    ) -> FittedClassifier:
        """Build the member from the parts of a model file, see `Member`.

        Parameters
        ----------
        header, arrays, n_classes : see `Member`
        members : fitted classifiers by their names, see `check_members_given`

        Raises
        ------
        ValueError
            If the classifier is missing, not fitted, or gives other probabilities than when it was
            saved.
        """
        check_names(header, ("kind", "name"), cls.kind)
        check_arrays(arrays, _ARRAYS, {"n_classes": n_classes}, cls.kind)
        name, probe = part(header, "name", str), arrays["probe"]
        check_members_given([name], members)
        model = cls(name, (members or {})[name], n_classes)
        if np.abs(model._probe_of_fitted() - probe).max() > _PROBE_TOLERANCE:
            raise ValueError(
                f"the classifier {name!r} gives other probabilities than the one that was saved; "
                f"expected the same fitted classifier. Write load(path, members={{{name!r}: "
                "fitted_classifier}) with the classifier of the saved model."
            )
        return model

    def _probe_of_fitted(self) -> NDArray[Any]:
        from sklearn.exceptions import NotFittedError

        try:
            return self.arrays()["probe"]
        except NotFittedError as error:
            raise ValueError(
                f"the classifier {self.name!r} ({type(self.classifier).__name__}) is not fitted; "
                "expected the fitted one of the saved model. Keep the fitted classifiers with "
                "joblib.dump(cnn.named_members_, file), and write "
                "load(path, members=joblib.load(file))."
            ) from error


def check_members_given(names: Sequence[str], members: Mapping[str, Any] | None) -> None:
    """Check that there is a classifier for each name that a model file has.

    Parameters
    ----------
    names : names of the classifiers in the file
    members : classifiers by their names, or None

    Raises
    ------
    TypeError
        If `members` is no mapping.
    ValueError
        If a name is missing.
    """
    if members is not None and not isinstance(members, Mapping):
        raise TypeError(
            f"members is a {type(members).__name__}; load expects a dict of fitted classifiers by "
            "their names. Write members={'name': fitted_classifier}, or dict(members) for a list "
            "of pairs."
        )
    missing = [name for name in names if name not in (members or {})]
    if missing:
        noun = "classifier" if len(missing) == 1 else "classifiers"
        fix = ", ".join(f"{name!r}: fitted_classifier" for name in missing)
        raise ValueError(
            f"this model has the {noun} {', '.join(map(repr, missing))}, which a model file cannot "
            f"hold; members has {sorted(members or {})}, expected {list(names)}. Write "
            f"load(path, members={{{fix}}}) with the fitted {noun}"
            f"{' and the others' if len(missing) < len(names) else ''}."
        )


def check_classes(name: str, classifier: Any, classes: NDArray[Any]) -> None:
    """Check that a fitted classifier knows the classes (K,), in this order.

    Raises
    ------
    ValueError
        If it has other classes, or does not say which.
    """
    found = getattr(classifier, "classes_", None)
    if found is None or list(found) != list(classes):
        raise ValueError(
            f"the classifier {name!r} has classes_={None if found is None else list(found)}; "
            f"expected {list(classes)}. Fit it on texts with these labels."
        )


def checked_probabilities(
    name: str, classifier: Any, texts: Sequence[str], n_classes: int
) -> Float64:
    """Return what `predict_proba` of a classifier gives for n texts, checked, (n, K)."""
    found: NDArray[Any] = np.asarray(classifier.predict_proba(list(texts)))
    expected = (
        f"expected shape ({len(texts)}, {n_classes}), numbers from 0 to 1, each row adding up to 1"
    )
    if found.shape != (len(texts), n_classes) or found.dtype.kind not in "fiu":
        raise ValueError(
            f"predict_proba of the classifier {name!r} gave shape {found.shape} and dtype "
            f"{found.dtype}; {expected}. Check the classifier."
        )
    probabilities: Float64 = found.astype(np.float64)
    sums = probabilities.sum(axis=1)
    # Written so that NaN fails.
    in_range = (probabilities >= -_SUM_TOLERANCE).all() and (
        np.abs(sums - 1) <= _SUM_TOLERANCE
    ).all()
    if not in_range:
        raise ValueError(
            f"predict_proba of the classifier {name!r} gave values from {probabilities.min()} to "
            f"{probabilities.max()} and rows that add up to {sums.min()} to {sums.max()}; "
            f"{expected}. Wrap it in sklearn.calibration.CalibratedClassifierCV."
        )
    return probabilities
