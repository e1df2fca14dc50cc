"""What annotators of unequal care mean together, and how far to trust each: the model of Dawid and Skene.

Each paragraph has one true category. Each annotator answers by a confusion matrix of their own: the probability of
every answer, given the true category. Neither is known; the EM algorithm finds both from the answers alone. Answers to
one paragraph are taken to be independent once its category is given.

Dawid, A. P. and Skene, A. M. (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm.
*Applied Statistics* 28(1), 20–28. Numbers in brackets are the equations of that paper.
"""

from dataclasses import dataclass

import numpy as np
from iraqstance.annotation.errors import InputError
from numpy.typing import NDArray

__all__ = ["Consensus", "dawid_skene", "dawid_skene_counts"]

Floats = NDArray[np.float64]
Answers = NDArray[np.int64]

_RIGHT = 0.8  # of the pseudo-answers that smoothing adds
_NEVER = -1e12  # the logarithm of 0: infinity times no answer would be undefined
_GRID = 2.0**33  # posteriors are multiples of its inverse: what differs by rounding alone stays a tie, in any order


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """The fitted model. Every probability is in [0, 1].

    Attributes:
        posterior: Probability of each category for each paragraph, of shape (paragraphs, categories); rows sum to 1.
            Where a paragraph has no answer, the prior.
        prior: Share of each category, of shape (categories,), over paragraphs with an answer; uniform without any.
        confusion: Probability of each answer, of shape (annotators, true category, category given). A row that no
            answer bears on is uniform.
        log_likelihood: Natural logarithm of the likelihood of the answers (2.7), at most 0.
        iterations: How often both steps were taken, at least 1.
        converged: Whether the last of them changed no posterior by more than the tolerance.
    """

    posterior: Floats
    prior: Floats
    confusion: Floats
    log_likelihood: float
    iterations: int
    converged: bool

    @property
    def accuracy(self) -> Floats:
        """Probability that an annotator answers rightly, of shape (annotators,): the diagonal weighed by the prior."""
        accuracy: Floats = np.diagonal(self.confusion, axis1=1, axis2=2) @ self.prior
        return accuracy


def dawid_skene(
    answers: Answers, categories: int, *, smoothing: float = 0.0, tolerance: float = 1e-6, max_iterations: int = 1000
) -> Consensus:
    """Fit the model to a table of answers, of shape (paragraphs, annotators), as in :mod:`.agreement`.

    Args:
        answers: Category numbers from 0, -1 for missing.
        categories: How many categories there are, at least 1, used or not.
        smoothing: As for :func:`dawid_skene_counts`, like the rest.
        tolerance: Stop when no posterior changes by more than this.
        max_iterations: Stop then in any case.

    Raises:
        InputError: Where an answer is no category.
    """
    highest = int(answers.max(initial=-1))
    if highest >= categories:
        raise InputError("an answer is no category", expected=f"at most {categories - 1}", got=str(highest))
    counts = (answers[:, :, None] == np.arange(categories)).astype(np.float64)
    return dawid_skene_counts(counts, smoothing=smoothing, tolerance=tolerance, max_iterations=max_iterations)


def dawid_skene_counts(
    counts: Floats, *, smoothing: float = 0.0, tolerance: float = 1e-6, max_iterations: int = 1000
) -> Consensus:
    """Fit the model to counts of answers, of shape (paragraphs, annotators, categories).

    Unlike a table, counts can hold several answers of one annotator to one paragraph. The start is each paragraph's
    share of votes (3.1), so that the same answers give the same figures. Without smoothing the estimates are those of
    maximum likelihood, as published, and the log-likelihood never falls from one iteration to the next. They fit
    chance where annotators judged little: with three judgements of a paragraph they can do worse than the majority.

    Args:
        counts: How often each annotator gave each answer to each paragraph, at least 0.
        smoothing: Pseudo-answers added to each row of each annotator's confusion matrix, at least 0: 80 % of them
            right, the rest spread evenly. It is a Dirichlet prior that says annotators are better than chance.
        tolerance: As for :func:`dawid_skene`, like the rest.
        max_iterations: At least 1.
    """
    paragraphs, annotators, categories = counts.shape
    answered = counts.sum(axis=(1, 2)) > 0
    votes = counts[answered].reshape(answered.sum(), annotators * categories)
    shares = counts[answered].sum(axis=1)
    posterior: Floats = shares / shares.sum(axis=1, keepdims=True)
    added = _pseudo_answers(categories, smoothing)
    for iterations in range(1, max_iterations + 1):  # noqa: B007 - told to the caller
        prior, confusion = _maximised(posterior, votes, added)
        before = posterior
        posterior, log_likelihood = _expected(votes, prior, confusion)
        converged = bool(np.abs(posterior - before).max(initial=0) <= tolerance)
        if converged:
            break
    everything = np.tile(prior, (paragraphs, 1))
    everything[answered] = posterior
    return Consensus(everything, prior, confusion, log_likelihood, iterations, converged)


def _pseudo_answers(categories: int, smoothing: float) -> Floats:
    """Return the pseudo-answers of one annotator, of shape (true category, category given)."""
    if categories == 1:
        return np.full((1, 1), smoothing)
    wrong = smoothing * (1 - _RIGHT) / (categories - 1)
    return np.where(np.eye(categories) > 0, smoothing * _RIGHT, wrong)


def _maximised(posterior: Floats, votes: Floats, added: Floats) -> tuple[Floats, Floats]:
    """Return prior (2.4) and confusion matrices (2.3) under the posterior, from votes flattened to two dimensions."""
    categories = len(added)
    prior = posterior.sum(axis=0) / len(posterior) if len(posterior) else np.full(categories, 1 / categories)
    given = (posterior.T @ votes).reshape(categories, votes.shape[1] // categories, categories).transpose(
        1, 0, 2
    ) + added
    total = given.sum(axis=2, keepdims=True)
    return prior, np.divide(given, total, out=np.full(given.shape, 1 / categories), where=total > 0)


def _expected(votes: Floats, prior: Floats, confusion: Floats) -> tuple[Floats, float]:
    """Return posterior (2.5) and log-likelihood (2.7). Sums of logarithms stand for products, which would underflow."""
    joint = votes @ _logarithm(confusion).transpose(0, 2, 1).reshape(votes.shape[1], len(prior)) + _logarithm(prior)
    highest = joint.max(axis=1, keepdims=True)
    scaled = np.exp(joint - highest)
    total = scaled.sum(axis=1, keepdims=True)
    return np.round(scaled / total * _GRID) / _GRID, float((highest + np.log(total)).sum())


def _logarithm(probabilities: Floats) -> Floats:
    return np.log(probabilities, out=np.full(probabilities.shape, _NEVER), where=probabilities > 0)
