"""What is to be known of an estimated effect before it is believed: overlap and balance first, then
whether it differs between patients, and what would come of acting on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.evaluation import Evaluation, Measure
from pmed_core.evaluations.resampling import draw
from pmed_core.evaluations.words import beaten
from pmed_core.modalities.treatment import controls, rule
from pmed_core.modalities.treatment.ensemble import TreatmentEnsemble
from pmed_core.modalities.treatment.positivity import lacking, surely
from pmed_core.outcomes import Effect
from pmed_core.outcomes.effect import evaluation as of_effects
from pmed_core.outcomes.effect.checks import SERIOUS
from pmed_core.outcomes.effect.diagnostics import (
    Arm,
    Calibration,
    Comparison,
    Diagnostics,
    Difference,
    Leaf,
    Policy,
    Subgroup,
)
from pmed_core.outcomes.effect.scores import OVERLAP, Seen, Z, error_of_mean, together
from pmed_core.outcomes.effect.verdicts import calibrated, told
from pmed_core.predictions import Predictions
from pmed_core.variable import Variable

Doubles = NDArray[np.float64]
BINS, FEW, UNBALANCED, LOST = 20, 50, 0.1, 0.1
"""LOST: share of the patients without like ones in both arms, from which on it is a warning."""
COLUMNS, OFF = 40, 0.2
"""OFF: share of the negative controls with an effect, from which on it is a warning."""


@dataclass(frozen=True)
class _Basis:
    """The training patients as held out: those who can be compared, and all measures of them.

    Attributes:
        usable: (n,) masks them.
        columns, names: (n, c) encoded inputs, and the variable of each.
        table, variables, folds: the inputs themselves, and who held each patient out.
        other: all variables of the table, by name.
    """

    effect: Effect
    seen: Seen
    usable: NDArray[np.bool_]
    measures: dict[str, Measure]
    columns: Doubles
    names: tuple[str, ...]
    table: pd.DataFrame
    variables: tuple[Variable, ...]
    folds: NDArray[np.int64]
    other: dict[str, Variable]


def account(ensemble: TreatmentEnsemble, cohort: Cohort, held_out: Predictions) -> Diagnostics:
    """Of the training patients, each as held out; some of them can be compared."""
    effect, of = ensemble.outcome, _basis(ensemble, cohort, held_out)
    comparisons = tuple(_comparison(of, k) for k in range(effect.effects))
    observed = ensemble.choice is not None
    arms, differences = _arms(of), _balance(of)
    uneven = _uneven(comparisons, differences) if observed else ()
    return Diagnostics(
        effect.design(), OVERLAP if observed else (0.0, 1.0), arms, comparisons,
        (*_policies(of), _by_rule(of)), _rule(of), differences,
        (*_doubtful(cohort), *_small(arms), *uneven, *_systematic(comparisons)),
    )  # fmt: skip


def _basis(ensemble: TreatmentEnsemble, cohort: Cohort, held_out: Predictions) -> _Basis:
    usable = np.asarray(np.isfinite(held_out.value).all(axis=1))
    compared = held_out.select(usable)
    draws = draw(compared.patients, compared.observed, folds=compared.folds)
    values = of_effects.measured(ensemble.outcome, compared, 0.5, draws)
    measures = of_effects.intervals(compared, 0.5, draws, values)
    seen = Seen.of(ensemble.outcome, held_out)
    return _Basis(
        ensemble.outcome, seen, usable, measures, *_columns(ensemble, cohort), cohort.table,
        ensemble.inputs, np.array(held_out.folds), {v.name: v for v in cohort.variables},
    )  # fmt: skip


def _arms(of: _Basis) -> tuple[Arm, ...]:
    best = of_effects.chosen(of.effect, of.seen.said[of.usable])
    return tuple(
        Arm(option, int((of.seen.given == k).sum()), of_effects.effective(of.seen, k),
            float((best == k).mean()))
        for k, option in enumerate(of.effect.options)
    )  # fmt: skip


def _columns(ensemble: TreatmentEnsemble, cohort: Cohort) -> tuple[Doubles, tuple[str, ...]]:
    """(n, c) encoded inputs, and the variable of each."""
    reader = ensemble.outcomes.networks.preprocessing[0]
    own = np.array(reader.columns) != ensemble.outcome.arms.column
    encoded = reader.encode(cohort.table).astype(np.float64)[:, own]
    return encoded, tuple(np.array(reader.columns)[own].tolist())


def _comparison(of: _Basis, k: int) -> Comparison:
    effect, seen, usable = of.effect, of.seen, of.usable
    share = seen.probability[:, k + 1] / (seen.probability[:, 0] + seen.probability[:, k + 1])
    edges = np.linspace(0, 1, BINS + 1)
    option, reference = (np.histogram(share[seen.given == arm], edges)[0] for arm in (k + 1, 0))
    among = seen.select(usable)
    said, scores = among.said[:, k], among.effects[:, k]
    alike, (differs, verdict) = int(np.isfinite(seen.said[:, k]).sum()), told(
        effect, k, of.measures
    )  # fmt: skip
    return Comparison(
        effect.options[k + 1], of.measures[f"ate{effect.arms.ends[k]}"],
        tuple(edges.tolist()), tuple(option.tolist()), tuple(reference.tolist()), alike,
        len(share) - alike, *_unmeasured(of, k, share), of_effects.fifths(said, scores, among),
        of_effects.concentrated(effect.sign * said, effect.sign * scores, among), differs, verdict,
        _projection(scores, of.columns[usable], of.names, among.patients),
        _calibration(of, k), _lacking(of, k),
    )  # fmt: skip


def _lacking(of: _Basis, k: int) -> tuple[Subgroup, ...] | None:
    if of.effect.arms.randomised:
        return None
    given = of.seen.given
    return lacking(of.table, of.variables, (given == k + 1, given == 0))


def _calibration(of: _Basis, k: int) -> Calibration | None:
    """By the effects that are estimated on negative controls."""
    effect, seen = of.effect, of.seen
    if not effect.arms.controls:
        return None
    given = np.where(seen.given == 0, 0, np.where(seen.given == k + 1, 1, 2))
    alike = np.isfinite(seen.said[:, k])
    compared = controls.Compared(
        of.columns, given, seen.probability[:, [0, k + 1]], of.folds, alike, seen.patients
    )
    each = []
    for name in effect.arms.controls:
        outcome, called = controls.observed(of.table[name], of.other[name])
        each.append((called, controls.effect(outcome, compared)))
    share = float(seen.outcome.mean())
    spread = np.sqrt(share * (1 - share)) if effect.of.additive else seen.outcome.std()
    average = of.measures[f"ate{effect.arms.ends[k]}"]
    return controls.calibration(each, average, max(float(spread), 1e-12))


def _unmeasured(of: _Basis, k: int, share: Doubles) -> tuple[float, float, float]:
    """Share in equipoise, and E-values of the average and of the end of its interval that is nearer
    to nothing."""
    if of.effect.arms.randomised:
        return np.nan, np.nan, np.nan
    mine = (of.seen.given == 0) | (of.seen.given == k + 1)
    chosen = float((of.seen.given[mine] == k + 1).mean())
    odds = share / np.maximum(1 - share, 1e-9) * (1 - chosen) / chosen
    preference = odds / (1 + odds)
    average = of.measures[f"ate{of.effect.arms.ends[k]}"]
    ends = average.low * average.high > 0
    nearest = min(average.low, average.high, key=abs) if ends else 0.0
    return (
        float(((preference >= 0.3) & (preference <= 0.7)).mean()),
        _e_value(of, average.value), _e_value(of, nearest),
    )  # fmt: skip


def _e_value(of: _Basis, difference: float) -> float:
    """Of a difference in risk, or in a number (then by its standardised size)."""
    if of.effect.of.additive:
        base = of.measures[f"policy_value_{of.effect.options[0]}"].value
        ratio = max(base + difference, 1e-3) / max(base, 1e-3)
    else:
        ratio = float(np.exp(0.91 * difference / max(of.seen.outcome.std(), 1e-12)))
    ratio = max(ratio, 1 / ratio)
    return float(ratio + np.sqrt(ratio * (ratio - 1)))


def _projection(
    scores: Doubles, columns: Doubles, names: Sequence[str], patients: NDArray[np.str_]
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
    meat = together(x * (scores - x @ weights)[:, None], patients)
    error = np.sqrt(np.diag(inverse @ meat.T @ meat @ inverse))
    found: dict[str, Measure] = {}
    for place in np.argsort(-np.abs(weights[1:]) / np.maximum(error[1:], 1e-12), kind="stable"):
        value, half = float(weights[place + 1]), Z * float(error[place + 1])
        # Of a variable with several columns the one that says most.
        found.setdefault(names[kept[place]], Measure(value, value - half, value + half))
    return tuple(found.items())


def _balance(of: _Basis) -> tuple[Difference, ...]:
    """Absolute standardised mean differences (Austin, Stat Med 2009), of unlike variables first."""
    seen, columns, names = of.seen, of.columns, of.names
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


def _policies(of: _Basis) -> tuple[Policy, ...]:
    named = {"as the model says": "policy_value"}
    named |= {f"everybody {option}": f"policy_value_{option}" for option in of.effect.options}
    named |= {"as it was": "observed_value"}
    return tuple(Policy(name, of.measures[key]) for name, key in named.items())


def _benefits(of: _Basis) -> Doubles:
    """(n, options) scores of which higher ones are better."""
    return of.effect.sign * of.seen.outcomes


def _rule(of: _Basis) -> tuple[Leaf, ...]:
    """Sought among all who can be compared."""
    table = of.table[of.usable].reset_index(drop=True)
    leaves = rule.sought(table, of.variables, _benefits(of)[of.usable])
    return tuple(
        Leaf(
            " and ".join(question.said(yes) for question, yes in leaf.asked) or "everybody",
            of.effect.options[leaf.option], int(leaf.holds(table).sum()),
        )
        for leaf in leaves
    )  # fmt: skip


def _by_rule(of: _Basis) -> Policy:
    """What such rules are worth to patients without whom each was sought."""
    chosen = np.zeros(len(of.table), dtype=np.int64)
    for fold in np.unique(of.folds):
        mine, others = of.folds == fold, of.usable & (of.folds != fold)
        table = of.table[others].reset_index(drop=True)
        found = rule.sought(table, of.variables, _benefits(of)[others])
        chosen[mine] = rule.given(found, of.table[mine])
    worth = of.seen.outcomes[np.arange(len(chosen)), chosen][of.usable]
    mean, half = float(worth.mean()), Z * error_of_mean(worth, of.seen.patients[of.usable])
    return Policy("by a rule of two questions", Measure(mean, mean - half, mean + half))


def _doubtful(cohort: Cohort) -> tuple[str, ...]:
    """What was serious before training, when those whose outcome is unknown were still there."""
    return tuple(one.removeprefix(SERIOUS) for one in cohort.notes if one.startswith(SERIOUS))


def _small(arms: Sequence[Arm]) -> tuple[str, ...]:
    return tuple(
        f"Only {arm.n} patients were given '{arm.option}', worth {arm.effective:.0f} once weighted."
        for arm in arms
        if arm.effective < FEW
    )


def _systematic(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Where more controls than chance would have it show an effect that they cannot have."""
    found = []
    for one in comparisons:
        kept = one.calibration
        if kept is not None and kept.off > max(1, OFF * len(kept.controls)):
            found.append(
                f"Effects of '{one.option}' on {kept.off} of {len(kept.controls)} negative "
                "controls leave out 0, which it cannot cause: something that was not measured "
                "moves both."
            )
    return tuple(found)


def _uneven(
    comparisons: Sequence[Comparison], differences: Sequence[Difference]
) -> tuple[str, ...]:
    """Where nobody randomised: little overlap, and arms that differ all the same."""
    found = []
    for one in comparisons:
        everybody = one.apart + one.comparable
        if one.apart > LOST * everybody:
            found.append(
                f"{one.apart:,} of {everybody:,} patients have no like ones who were given both "
                f"'{one.option}' and the reference (probability outside {OVERLAP[0]:g} to "
                f"{OVERLAP[1]:g}): no effect is told of them, and averages are of the others."
            )
        for group in one.lacking or ():
            if surely(min(group.of_option, group.of_reference), group.n):
                found.append(
                    f"Where {group.when}, {group.of_option:,} of {group.n:,} patients were given "
                    f"'{one.option}', and the others the reference: no data tell its effect there."
                )
    still = [one.variable for one in differences if one.after > UNBALANCED]
    if still:
        named = ", ".join(f"'{name}'" for name in still[:5]) + " …" * (len(still) > 5)
        found.append(f"Still different between arms once weighted: {named}.")
    return tuple(found)


def completed(evaluation: Evaluation, found: Diagnostics | None = None) -> Evaluation:
    """With a verdict on whether the effect differs between patients, with what negative controls
    say of the average, where they were looked at, and with a baseline that is better; and with the
    warnings of the diagnostics."""
    effect = evaluation.outcome
    if not isinstance(effect, Effect) or not evaluation.n:
        return evaluation
    each = [told(effect, k, evaluation.measures)[1] for k in range(effect.effects)]
    if found is not None:
        each += [said for one in found.comparisons if (said := calibrated(effect, one))]
    each += [said] if (said := beaten(effect, evaluation.measures, evaluation.baselines)) else []
    notes = (*evaluation.notes, *(found.warnings if found is not None else ()))
    return replace(evaluation, verdict=" ".join(each), notes=notes)
