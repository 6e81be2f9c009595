"""Students learn from unlabeled texts what all models together predict for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from skcnn import CostSensitiveTextCNN
from skcnn.fitting import _join
from skcnn.predicting._text_cnn import FittedTextCNN
from tests.conftest import Corpus, Make, make_corpus
from tests.test_estimator_members import BAYES, STUDENTS, TEACHERS, kinds, pooled
from tests.test_estimator_parameters import Untouchable
from tests.text.encoders import Counting, count_topics


@pytest.fixture(scope="module")
def unlabeled() -> list[str]:
    """Texts of two classes whose words `known_words` has in part."""
    return make_corpus({"ham": 0.5, "spam": 0.5}, 300, seed=5).texts


def test_students_learn_words_that_only_the_unlabeled_texts_have(
    small_cnn: Make, known_words: Corpus, unlabeled: list[str]
) -> None:
    student = small_cnn(sentence_vectors=count_topics, distill=True)
    student.fit(known_words.texts, known_words.labels, unlabeled=unlabeled)
    assert kinds(student) == STUDENTS
    new = make_corpus({"ham": 0.5, "spam": 0.5}, 300, seed=7)
    unseen = ["claim lottery winner", "later meeting sister"]
    assert student.predict(unseen).tolist() == ["spam", "ham"]
    assert (student.predict(new.texts) == new.labels).mean() > 0.97
    for member in student._model.members:  # both have learned it
        P = member.predict_proba(unseen, student._model.tokenize(unseen))
        assert P[0, 1] > 0.7
        assert P[1, 1] < 0.3


def test_a_student_needs_no_teacher_to_predict_or_in_its_file(
    small_cnn: Make, two_classes: Corpus, unlabeled: list[str], tmp_path: Path
) -> None:
    teachers = {"sentence_vectors": Counting(), "members": [("bayes", BAYES)]}
    student = small_cnn(**teachers, distill=True)
    student.fit(two_classes.texts, two_classes.labels, unlabeled=unlabeled)
    assert not hasattr(student, "named_members_")
    assert not hasattr(student, "sentence_encoder_")
    Counting.embedded.clear()
    P = student.predict_proba(unlabeled)
    student.save(tmp_path / "student.skcnn")
    loaded = CostSensitiveTextCNN.load(tmp_path / "student.skcnn")
    np.testing.assert_array_equal(loaded.predict_proba(unlabeled), P)
    assert not Counting.embedded


def test_teachers_that_know_much_more_than_words_have_no_students(
    small_cnn: Make, three_classes: Corpus, unlabeled: list[str]
) -> None:
    cnn = small_cnn(
        sentence_vectors=count_topics, members=[("bayes", BAYES)], embedding_init="uniform"
    )
    alone = clone(cnn).fit(three_classes.texts, three_classes.labels)
    with pytest.warns(UserWarning, match="so much better than words"):
        cnn.fit(three_classes.texts, three_classes.labels, unlabeled=unlabeled)
    np.testing.assert_array_equal(cnn.predict_proba(unlabeled), alone.predict_proba(unlabeled))


@pytest.mark.parametrize("early_stopping", [False, True])
def test_without_distill_the_teachers_are_kept(
    early_stopping: bool,
    small_cnn: Make,
    three_classes: Corpus,
    unlabeled: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # These teachers know the topics, which words say less well: they would have no students.
    monkeypatch.setattr(_join, "_MUCH_LOWER", 0.0)
    cnn = small_cnn(
        sentence_vectors=count_topics, members=[("bayes", BAYES)], early_stopping=early_stopping
    )
    P = cnn.fit(three_classes.texts, three_classes.labels, unlabeled=unlabeled).predict_proba(
        unlabeled
    )
    assert kinds(cnn) == [*STUDENTS, *TEACHERS]
    np.testing.assert_array_equal(P, pooled(cnn._model, unlabeled))
    assert (cnn.predict(three_classes.texts) == three_classes.labels).mean() > 0.95
    alone = clone(cnn).fit(three_classes.texts, three_classes.labels)
    assert not np.allclose(alone.predict_proba(unlabeled), P)
    again = clone(cnn).fit(three_classes.texts, three_classes.labels, unlabeled=unlabeled)
    np.testing.assert_array_equal(again.predict_proba(unlabeled), P)


def test_a_student_may_be_the_network_alone(
    small_cnn: Make, two_classes: Corpus, unlabeled: list[str]
) -> None:
    student = small_cnn(members=[("bayes", BAYES)], distill=True, linear_model=False)
    student.fit(two_classes.texts, two_classes.labels, unlabeled=unlabeled)
    assert kinds(student) == [FittedTextCNN]
    assert student._model.pool is None
    assert (student.predict(two_classes.texts) == two_classes.labels).mean() > 0.95


def test_students_learn_from_no_unlabeled_text_that_has_a_label(
    small_cnn: Make, noisy: Corpus, unlabeled: list[str], new_texts: list[str]
) -> None:
    # With uniform start vectors, unlabeled texts teach nothing but the teacher's probabilities.
    cnn = small_cnn(
        sentence_vectors=count_topics, distill=True, early_stopping=True, embedding_init="uniform"
    )
    unlabeled = [text for text in unlabeled if text not in noisy.texts]
    found, expected = (
        clone(cnn).fit(noisy.texts, noisy.labels, unlabeled=texts)
        for texts in ([*noisy.texts, *unlabeled], unlabeled)
    )
    assert found.history_ == expected.history_
    np.testing.assert_array_equal(found.predict_proba(new_texts), expected.predict_proba(new_texts))


def test_unlabeled_texts_that_all_have_labels_teach_nothing(
    small_cnn: Make, two_classes: Corpus
) -> None:
    data = two_classes.texts, two_classes.labels
    cnn = small_cnn(
        sentence_vectors=count_topics, members=[("bayes", BAYES)], embedding_init="uniform"
    )
    P = cnn.fit(*data, unlabeled=two_classes.texts[:9]).predict_proba(two_classes.texts)
    np.testing.assert_array_equal(P, clone(cnn).fit(*data).predict_proba(two_classes.texts))
    with pytest.raises(ValueError, match=r"all unlabeled texts are also in X.*Give other texts"):
        cnn.set_params(distill=True).fit(*data, unlabeled=two_classes.texts[:9])


def test_distill_without_teachers_or_texts_is_refused_before_data_is_touched(
    small_cnn: Make,
) -> None:
    with pytest.raises(ValueError, match="there is no model to learn from; expected sentence_vec"):
        small_cnn(distill=True).fit(Untouchable(), Untouchable(), unlabeled=["text"])
    student = small_cnn(distill=True, sentence_vectors=count_topics)
    with pytest.raises(ValueError, match=r"no unlabeled texts.*fit\(X, y, unlabeled=texts\)"):
        student.fit(Untouchable(), Untouchable())
