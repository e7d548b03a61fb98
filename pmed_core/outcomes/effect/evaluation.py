"""How predicted effects are evaluated; see ``contracts.Evaluating``.

An effect is never observed; its doubly robust score is, whose mean over patients is that of their
effects. A benefit is an effect in the direction of the better outcome.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pmed_core.evaluation import Curve, Curves, Measure, Threshold
from pmed_core.evaluations import words
from pmed_core.evaluations.resampling import Draws, percentiles
from pmed_core.outcomes.effect import Effect
from pmed_core.outcomes.effect import heterogeneity as patterns
from pmed_core.outcomes.effect.diagnostics import Group
from pmed_core.outcomes.effect.scores import Seen, Z, error_of_mean
from pmed_core.outcomes.events import ADVISED
from pmed_core.outcomes.target import Target
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]
GROUPS, SHARES, BINS = 5, 20, 30
RANKED = ("autoc", "qini", "calibration_differential", "policy_gain")
"""What measures begin with that hang on how patients are ranked."""


def names(outcome: Effect) -> tuple[str, ...]:
    ends = outcome.arms.ends
    each = ("ate", "autoc", "qini", "calibration_mean", "calibration_differential")
    shared = () if ends == ("",) else ("autoc",)
    return (
        *(f"{name}{end}" for end in ends for name in each), *shared, "policy_value", "policy_gain",
        *(f"policy_value_{option}" for option in outcome.options), "observed_value", "overlap",
        "effective_sample_size", "score_rmse",
    )  # fmt: skip


def ranking(outcome: Effect) -> dict[str, tuple[int, ...]]:
    return {}


def events(outcome: Effect, target: Target) -> tuple[int, ...]:
    given = target.observed[target.observed >= 0]
    return tuple(np.bincount(given, minlength=len(outcome.options)).tolist())


def measured(
    outcome: Effect, predictions: Predictions, threshold: float, draws: Draws
) -> dict[str, Doubles]:
    seen, found = Seen.of(outcome, predictions), dict[str, Doubles]()
    for k, end in enumerate(outcome.arms.ends):
        said, scores = seen.said[:, k], seen.effects[:, k]
        found[f"ate{end}"] = patterns.mean(scores, draws)
        autoc, qini = patterns.rank_weighted(outcome.sign * said, outcome.sign * scores, draws)
        found |= {f"autoc{end}": autoc, f"qini{end}": qini}
        of_mean, beyond = patterns.calibration(said, scores, draws)
        found |= {f"calibration_mean{end}": of_mean, f"calibration_differential{end}": beyond}
    if outcome.effects > 1:
        found["autoc"] = np.mean([found[f"autoc{end}"] for end in outcome.arms.ends], axis=0)
    found |= _policies(outcome, seen, draws)
    squared = ((seen.said - seen.effects) ** 2).mean(axis=1)
    return found | _overlap(seen, draws) | {"score_rmse": np.sqrt(patterns.mean(squared, draws))}


def chosen(outcome: Effect, said: Doubles) -> NDArray[np.int64]:
    """(n, effects) -> (n,) the option under which the best outcome is predicted."""
    benefits = np.concatenate([np.zeros((len(said), 1)), outcome.sign * said], axis=1)
    return np.asarray(benefits.argmax(axis=1), dtype=np.int64)


def _policies(outcome: Effect, seen: Seen, draws: Draws) -> dict[str, Doubles]:
    """Mean outcomes if patients were treated by the model, all alike, or as they were; and what the
    first gains over the best option for everybody."""
    rows, best = np.arange(len(seen.given)), chosen(outcome, seen.said)
    by_model = patterns.mean(seen.outcomes[rows, best], draws)
    alike = {
        f"policy_value_{option}": patterns.mean(seen.outcomes[:, k], draws)
        for k, option in enumerate(outcome.options)
    }
    each = outcome.sign * np.stack(list(alike.values()))
    # Which is best for everybody is decided once: resamples that choose anew would flatter it.
    best_alike = each[int(each[:, 0].argmax())]
    return {
        "policy_value": by_model, "policy_gain": outcome.sign * by_model - best_alike, **alike,
        "observed_value": patterns.mean(seen.outcome, draws),
    }  # fmt: skip


def _overlap(seen: Seen, draws: Draws) -> dict[str, Doubles]:
    """Mean overlap of the probabilities, 2 min(e, 1 - e) of two options, and effective sample
    size of all arms together."""
    count = seen.probability.shape[1]
    overlap = patterns.mean(count * seen.probability.min(axis=1), draws)
    sizes = [effective(seen, k) for k in range(count)]
    return {"overlap": overlap, "effective_sample_size": np.full(len(overlap), sum(sizes))}


def effective(seen: Seen, option: int) -> float:
    """Patients of an arm that would tell as much unweighted: (Σw)² / Σw² (Kish 1965)."""
    weight = 1 / np.maximum(seen.probability[seen.given == option, option], 1e-3)
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


def intervals(
    predictions: Predictions, threshold: float, draws: Draws, values: dict[str, Doubles]
) -> dict[str, Measure]:
    """Of what hangs on how held-out patients are ranked wider than resampling says."""
    by = wider(len(set(predictions.folds) - {-1}))
    return {
        name: _widened(percentiles(value), by if name.startswith(RANKED) else 1.0)
        for name, value in values.items()
    }


def wider(folds: int) -> float:
    """Each fold is ranked by models that learnt from all others, so that what chance did in one is
    found again in the others, and the mean over k folds varies as one over k and one over k - 1
    together (Nadeau & Bengio, Machine Learning 2003; the fault without it: Wager, Sequential
    validation of treatment heterogeneity, 2024)."""
    return float((1 + folds / (folds - 1)) ** 0.5) if folds > 1 else 1.0


def _widened(found: Measure, by: float) -> Measure:
    low, high = (found.value + by * (end - found.value) for end in (found.low, found.high))
    return Measure(found.value, low, high)


def thresholds(predictions: Predictions, threshold: float, draws: Draws) -> tuple[Threshold, ...]:
    return ()


def course(predictions: Predictions) -> Curve:
    return Curve((), ())


def confusion(outcome: Effect, predictions: Predictions) -> tuple[tuple[int, ...], ...]:
    return ()


def curves(outcome: Effect, predictions: Predictions) -> dict[str, Curves]:
    seen, nothing = Seen.of(outcome, predictions), Curve((), ())
    found = {}
    for k in range(outcome.effects):
        said, scores = seen.said[:, k], seen.effects[:, k]
        if not np.isfinite(scores).all():
            continue
        counts, edges = np.histogram(said, BINS)
        benefit, scored = outcome.sign * said, outcome.sign * scores
        found[outcome.labels[k]] = Curves(
            nothing, nothing, quintiles(said, scores, seen), nothing, _plain(edges),
            (0,) * BINS, tuple(int(n) for n in counts),
            named={"concentrated": concentrated(benefit, scored, seen)},
        )  # fmt: skip
    return found


def quintiles(said: Doubles, scores: Doubles, seen: Seen) -> Curve:
    """Mean predicted effect of patients of like prediction against their mean score, with its 95 %
    interval."""
    each = [(one.predicted, one.observed) for one in fifths(said, scores, seen)]
    points = [(predicted, own.value, own.low, own.high) for predicted, own in each]
    return Curve(*(_plain(np.array(each)) for each in zip(*points, strict=True)))


def fifths(said: Doubles, scores: Doubles, seen: Seen) -> tuple[Group, ...]:
    """Patients by quintile of what the same models predict of them, the lowest first."""
    group = (patterns.standing(said, seen.parts) * GROUPS + 1e-9).astype(np.int64)
    found = []
    for rows in (np.flatnonzero(group == k) for k in range(GROUPS)):
        if len(rows):
            mean, half = scores[rows].mean(), Z * error_of_mean(scores[rows], seen.patients[rows])
            observed = Measure(float(mean), float(mean - half), float(mean + half))
            found.append(Group(len(rows), float(said[rows].mean()), observed))
    return tuple(found)


def concentrated(benefit: Doubles, scores: Doubles, seen: Seen) -> Curve:
    """TOC by share of the patients, with its 95 % band."""
    shares = np.linspace(1 / SHARES, 1, SHARES)
    values, errors = patterns.concentrated(benefit, scores, shares, seen.patients, seen.parts)
    each = (shares, values, values - Z * errors, values + Z * errors)
    return Curve(*(_plain(one) for one in each))


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(float(f"{value:.6g}") for value in values)


def notes(
    outcome: Effect, evaluated: words.Evaluated, measures: dict[str, Measure]
) -> tuple[str, ...]:
    found = [outcome.design(), outcome.arms.trial.sentence]
    for code, option in enumerate(outcome.options):
        many = evaluated.having(code)
        if many[0] < ADVISED:
            found.append(words.few(many, f"with '{option}' are evaluated", evaluated.of))
    better = "higher" if outcome.sign > 0 else "lower"
    found.append(f"A {better} outcome counts as better, for benefits and policies.")
    return tuple(found)
