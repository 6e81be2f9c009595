"""The models that know more than the training texts: on sentence vectors, and the user's own."""

from __future__ import annotations

from skcnn.fitting._classifier import ClassifierTrainer
from skcnn.fitting._job import Job
from skcnn.fitting._join import CrossFitted, cross_fit
from skcnn.fitting._sentence_model import SentenceTrainer
from skcnn.fitting._splits import Splits
from skcnn.text._sentence_vectors import SentenceEncoder, fit_encoder


def fit_teachers(job: Job, splits: Splits) -> list[CrossFitted]:
    """Cross-fit the model on sentence vectors, and the user's classifiers."""
    data, members, fitted = job.data, job.members, []
    if members.sentence_vectors is not None:
        encoder = fit_encoder(members.sentence_vectors, members.memory, data.texts)
        name = "Sentence vectors"
        job.reporter.say(f"{name}: {len(data.texts):,} texts")
        vectors = encoder.encode(data.texts, job.reporter.say_texts(name))
        fitted.append(
            job.remember("Sentence model", [vectors], _fit_sentences, job, encoder, splits)
        )
    for name, classifier in members.members or ():
        trainer = ClassifierTrainer(
            name, classifier, data.texts, data.targets, data.classes, data.sample_weight
        )
        key = [name, classifier]
        what = f"Member {name!r}"
        on_fit = job.reporter.say_fits(what)
        fitted.append(job.remember(what, key, cross_fit, trainer, splits, job.n_classes, on_fit))
    return fitted


def _fit_sentences(job: Job, encoder: SentenceEncoder, splits: Splits) -> CrossFitted:
    data = job.data
    trainer = SentenceTrainer(
        data.texts, encoder, data.targets, job.n_classes, data.sample_weight, splits.folds
    )
    return cross_fit(trainer, splits, job.n_classes, job.reporter.say_fits("Sentence model"))
