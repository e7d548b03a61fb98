"""What is to be known of an estimated effect before it is believed: overlap and balance first, then
whether it differs between patients, and what would come of acting on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.evaluations.resampling import draw, percentiles
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.outcomes import Effect
from pmed_core.outcomes.effect import evaluation as of_effects
from pmed_core.outcomes.effect.diagnostics import (
    Arm,
    Comparison,
    Diagnostics,
    Difference,
    Group,
    Policy,
)
from pmed_core.outcomes.effect.scores import OVERLAP, Seen
from pmed_core.outcomes.effect.verdicts import told
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]
BINS, FEW, UNBALANCED, LOST = 20, 50, 0.1, 0.1
"""LOST: share of the patients without like ones in both arms, from which on it is a warning."""
COLUMNS = 40
Z = 1.96


def account(ensemble: TreatmentEnsemble, cohort: Cohort, held_out: Predictions) -> Diagnostics:
    """Of the training patients, each as held out."""
    effect, seen = ensemble.outcome, Seen.of(ensemble.outcome, held_out)
    usable = np.isfinite(held_out.value).all(axis=1)
    draws = draw(
        [held_out.patients[row] for row in np.flatnonzero(usable)], held_out.observed[usable],
        folds=np.array(held_out.folds)[usable].tolist(),
    ) if usable.any() else None  # fmt: skip
    encoded, names = _columns(ensemble, cohort)
    measures = dict[str, Measure]()
    if draws is not None:
        values = of_effects.measured(effect, held_out.select(usable), 0.5, draws)
        measures = {name: percentiles(value) for name, value in values.items()}
    best = of_effects.chosen(effect, np.nan_to_num(seen.said))
    arms = tuple(
        Arm(option, int((seen.given == k).sum()), of_effects.effective(seen, k),
            float((best[usable] == k).mean()) if usable.any() else 0.0)
        for k, option in enumerate(effect.options)
    )  # fmt: skip
    comparisons = tuple(
        _comparison(effect, seen, k, (measures, usable), (encoded, names))
        for k in range(effect.effects)
    )
    limits = (0.0, 1.0) if ensemble.choice is None else OVERLAP
    differences = _balance(seen, encoded, names)
    return Diagnostics(
        effect.design(), limits, arms, comparisons, _policies(effect, measures), differences,
        _warnings(arms, comparisons, differences, limits),
    )  # fmt: skip


def _columns(ensemble: TreatmentEnsemble, cohort: Cohort) -> tuple[Doubles, tuple[str, ...]]:
    """(n, c) encoded inputs, and the variable of each."""
    reader = ensemble.outcomes.networks.preprocessing[0]
    own = np.array(reader.columns) != ensemble.outcome.arms.column
    encoded = reader.encode(cohort.table).astype(np.float64)[:, own]
    return encoded, tuple(np.array(reader.columns)[own].tolist())


def _comparison(
    effect: Effect,
    seen: Seen,
    k: int,
    measured: tuple[dict[str, Measure], NDArray[np.bool_]],
    inputs: tuple[Doubles, tuple[str, ...]],
) -> Comparison:
    measures, usable = measured
    end = of_effects.ends_of(effect)[k]
    share = seen.probability[:, k + 1] / (seen.probability[:, 0] + seen.probability[:, k + 1])
    edges = np.linspace(0, 1, BINS + 1)
    option, reference = (np.histogram(share[seen.given == arm], edges)[0] for arm in (k + 1, 0))
    said, scores = seen.said[usable, k], seen.effects[usable, k]
    alike = int(np.isfinite(seen.said[:, k]).sum())
    unknown = Measure(np.nan, np.nan, np.nan)
    differs, verdict = told(effect, k, measures)
    return Comparison(
        effect.options[k + 1], measures.get(f"ate{end}", unknown), tuple(edges.tolist()),
        tuple(option.tolist()), tuple(reference.tolist()), alike, len(share) - alike,
        _groups(said, scores), of_effects.concentrated(effect.sign * said, effect.sign * scores),
        differs, verdict, _projection(scores, inputs[0][usable], inputs[1]),
    ) if usable.any() else Comparison(
        effect.options[k + 1], unknown, tuple(edges.tolist()), tuple(option.tolist()),
        tuple(reference.tolist()), 0, len(share), (), of_effects.course(None), False, verdict,
    )  # type: ignore[arg-type]  # fmt: skip


def _groups(said: Doubles, scores: Doubles) -> tuple[Group, ...]:
    found = []
    for rows in of_effects.groups_of(said):
        mean, half = scores[rows].mean(), Z * scores[rows].std() / np.sqrt(max(len(rows) - 1, 1))
        observed = Measure(float(mean), float(mean - half), float(mean + half))
        found.append(Group(len(rows), float(said[rows].mean()), observed))
    return tuple(found)


def _projection(
    scores: Doubles, columns: Doubles, names: Sequence[str]
) -> tuple[tuple[str, Measure], ...]:
    """The best linear projection of the effect (Semenova & Chernozhukov, Econometrics Journal
    2021) on standardised inputs, with heteroscedasticity-robust intervals; none of very many."""
    spread = columns.std(axis=0)
    kept = np.flatnonzero(spread > 1e-9)
    if not 0 < len(kept) <= min(COLUMNS, len(scores) // 10):
        return ()
    x = np.column_stack(
        [np.ones(len(scores)), (columns[:, kept] - columns[:, kept].mean(axis=0)) / spread[kept]]
    )
    inverse = np.linalg.pinv(x.T @ x)
    weights = inverse @ x.T @ scores
    meat = x * (scores - x @ weights)[:, None]
    error = np.sqrt(np.diag(inverse @ meat.T @ meat @ inverse))
    found: dict[str, Measure] = {}
    for place in np.argsort(-np.abs(weights[1:]) / np.maximum(error[1:], 1e-12), kind="stable"):
        value, half = float(weights[place + 1]), Z * float(error[place + 1])
        # Of a variable with several columns the one that says most.
        found.setdefault(names[kept[place]], Measure(value, value - half, value + half))
    return tuple(found.items())


def _balance(seen: Seen, columns: Doubles, names: Sequence[str]) -> tuple[Difference, ...]:
    """Absolute standardised mean differences (Austin, Stat Med 2009), of unlike variables first."""
    weight = 1 / np.maximum(seen.probability, 0.01)
    each = []
    for option in range(1, seen.probability.shape[1]):
        arms = [seen.given == 0, seen.given == option]
        spread = np.sqrt(np.mean([columns[arm].var(axis=0) for arm in arms], axis=0))
        ways = []
        for weights in (np.ones_like(weight), weight):
            means = [
                np.average(columns[arm], axis=0, weights=weights[arm, code])
                for arm, code in zip(arms, (0, option), strict=True)
            ]
            ways.append(np.abs(means[1] - means[0]) / np.maximum(spread, 1e-9))
        each.append(np.where(spread > 1e-9, ways, 0.0))
    before, after = np.max(each, axis=0)
    found: dict[str, Difference] = {}
    for place in np.argsort(-before, kind="stable"):
        name = names[place]
        one = Difference(name, float(before[place]), float(after[place]))
        first = found.setdefault(name, one)
        found[name] = replace(first, after=max(first.after, one.after))
    return tuple(found.values())


def _policies(effect: Effect, measures: dict[str, Measure]) -> tuple[Policy, ...]:
    named = {"as the model says": "policy_value"}
    named |= {f"everybody {option}": f"policy_value_{option}" for option in effect.options}
    named |= {"as it was": "observed_value"}
    return tuple(Policy(name, measures[key]) for name, key in named.items() if key in measures)


def _warnings(
    arms: Sequence[Arm],
    comparisons: Sequence[Comparison],
    differences: Sequence[Difference],
    limits: tuple[float, float],
) -> tuple[str, ...]:
    found = [
        f"Only {arm.n} patients were given '{arm.option}', worth {arm.effective:.0f} once weighted."
        for arm in arms
        if arm.effective < FEW
    ]
    for one in comparisons:
        everybody = one.apart + one.comparable
        if one.apart > LOST * everybody:
            found.append(
                f"{one.apart:,} of {everybody:,} patients have no like ones who were given both "
                f"'{one.option}' and the reference (probability outside {limits[0]:g} to "
                f"{limits[1]:g}): no effect is told of them, and averages are of the others."
            )
    still = [one.variable for one in differences if one.after > UNBALANCED]
    if still:
        named = ", ".join(f"'{name}'" for name in still[:5]) + " …" * (len(still) > 5)
        found.append(f"Still different between arms once weighted: {named}.")
    return tuple(found)


def completed(evaluation: Evaluation) -> Evaluation:
    """With a verdict on whether the effect differs between patients."""
    effect = evaluation.outcome
    if not isinstance(effect, Effect) or not evaluation.n:
        return evaluation
    each = [told(effect, k, evaluation.measures)[1] for k in range(effect.effects)]
    return replace(evaluation, verdict=" ".join(each))
