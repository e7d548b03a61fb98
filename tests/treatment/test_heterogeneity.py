"""Measures of heterogeneity against what they are by definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pmed_core.evaluations.resampling import draw, percentiles
from pmed_core.modalities.treatment.shrinkage import shrunk
from pmed_core.outcomes import Arms, Effect, Number
from pmed_core.outcomes.effect import evaluation, heterogeneity
from pmed_core.outcomes.effect.evaluation import intervals
from pmed_core.outcomes.effect.scores import Seen, comparable, error_of_mean, scored
from pmed_core.outcomes.effect.verdicts import told
from pmed_core.predictions import Predictions

Doubles = NDArray[np.float64]


def draws_of(n: int) -> object:
    return draw([str(k) for k in range(n)], np.arange(n) % 2, 200)


def by_definition(benefit: Doubles, scores: Doubles) -> tuple[float, float]:
    """AUTOC and Qini as areas under TOC, between neighbours of like benefit by a fine grid."""
    order = np.argsort(-benefit, kind="stable")
    ranked = scores[order].copy()
    for value in np.unique(benefit):
        ranked[benefit[order] == value] = scores[benefit == value].mean()
    fine = np.repeat(ranked, 500)
    upto = np.arange(1, len(fine) + 1)
    toc = np.cumsum(fine) / upto - scores.mean()
    return float(toc.mean()), float((toc * upto / len(fine)).mean())


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.floats(-5, 5, width=16)), min_size=4, max_size=12))
def test_rank_weighted_effects_are_areas_and_ties_count_as_their_mean(
    rows: list[tuple[int, float]],
) -> None:
    benefit, scores = (np.array(each, dtype=np.float64) for each in zip(*rows, strict=True))
    draws = draws_of(len(rows))
    autoc, qini = heterogeneity.rank_weighted(benefit, scores, draws)  # type: ignore[arg-type]
    expected = by_definition(benefit, scores)
    assert autoc[0] == pytest.approx(expected[0], abs=2e-2)
    assert qini[0] == pytest.approx(expected[1], abs=2e-2)
    # Any other scale of the same order says the same.
    again = heterogeneity.rank_weighted(np.exp(benefit), scores, draws)  # type: ignore[arg-type]
    assert again[0] == pytest.approx(autoc)


def test_a_constant_prediction_ranks_nobody() -> None:
    scores = np.random.default_rng(0).standard_normal(60)
    autoc, qini = heterogeneity.rank_weighted(np.ones(60), scores, draws_of(60))  # type: ignore[arg-type]
    assert autoc == pytest.approx(0, abs=1e-12)
    assert qini == pytest.approx(0, abs=1e-12)


def test_noise_is_seldom_called_a_difference() -> None:
    draw_ = np.random.default_rng(1)
    found = 0
    for _ in range(60):
        said, scores = draw_.standard_normal((2, 150))
        autoc, _ = heterogeneity.rank_weighted(said, scores, draws_of(150))  # type: ignore[arg-type]
        found += percentiles(autoc).low > 0
    assert found <= 6


def test_right_predictions_are_calibrated() -> None:
    draw_ = np.random.default_rng(2)
    effects = 1 + draw_.standard_normal(4000)
    scores = effects + draw_.standard_normal(4000)
    of_mean, beyond = heterogeneity.calibration(effects, scores, draws_of(4000))  # type: ignore[arg-type]
    assert of_mean[0] == pytest.approx(1, abs=0.1)
    assert beyond[0] == pytest.approx(1, abs=0.1)
    _, twice = heterogeneity.calibration(2 * effects, scores, draws_of(4000))  # type: ignore[arg-type]
    assert twice[0] == pytest.approx(0.5, abs=0.05)


def test_scores_are_right_where_outcomes_or_probabilities_are() -> None:
    draw_, n = np.random.default_rng(3), 60_000
    x = draw_.standard_normal(n)
    true = np.column_stack([x, x + 2])
    risk = np.clip(1 / (1 + np.exp(-x)), 0.1, 0.9)
    option = (draw_.random(n) < risk).astype(np.int64)
    happened = true[np.arange(n), option] + draw_.standard_normal(n)
    both = np.column_stack([1 - risk, risk])
    wrong_outcomes = scored(np.zeros((n, 2)), both, option, happened)
    wrong_shares = scored(true, np.full((n, 2), 0.5), option, happened)
    assert wrong_outcomes[:, 0].mean() == pytest.approx(2, abs=0.08)
    assert wrong_shares[:, 0].mean() == pytest.approx(2, abs=0.05)
    assert np.isnan(scored(true[:1], both[:1], np.array([-1]), happened[:1])).all()


def test_options_are_comparable_where_both_were_given() -> None:
    probability = np.array([[0.5, 0.4, 0.1], [0.9, 0.05, 0.05], [0.02, 0.49, 0.49]])
    assert comparable(probability).tolist() == [[True, True], [False, False], [False, False]]


def test_effects_are_drawn_to_the_average_unless_scores_speak() -> None:
    draw_ = np.random.default_rng(4)
    columns, told = draw_.standard_normal((500, 6)), draw_.standard_normal(500)
    noise, whose = draw_.standard_normal(500), np.arange(500).astype(str)
    nothing = shrunk(1 + noise, told, columns, whose)
    effects, variance = nothing.effect(told, columns)
    assert nothing.differs < 0.6
    assert effects.std() < 0.1
    assert np.mean(np.abs(effects - 1) < 1.96 * np.sqrt(variance)) > 0.95
    linear = shrunk(1 + columns[:, 2] + noise, told, columns, whose)
    effects, variance = linear.effect(told, columns)
    assert linear.differs > 0.99
    assert np.corrcoef(effects, columns[:, 2])[0, 1] > 0.95
    by_networks = shrunk(1 + told + noise, told, columns, whose)
    assert by_networks.weights[0] == pytest.approx(1, abs=0.15)
    assert np.abs(by_networks.weights[1:]).max() < 0.15


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 5))
def test_rows_that_repeat_a_patient_tell_nothing_more(seed: int, times: int) -> None:
    draw_ = np.random.default_rng(seed)
    columns, told = draw_.standard_normal((200, 4)), draw_.standard_normal(200)
    scores, whose = 1 + columns[:, 0] + draw_.standard_normal(200), np.arange(200).astype(str)
    each = (scores, told, columns, whose)
    once = shrunk(*each)
    often = shrunk(*(np.repeat(one, times, axis=0) for one in each))
    for one, other in zip(once.effect(told, columns), often.effect(told, columns), strict=True):
        assert other == pytest.approx(one, rel=0.02, abs=0.02)
    assert often.differs == pytest.approx(once.differs, abs=0.02)
    again = error_of_mean(np.repeat(scores, times), np.repeat(whose, times))
    assert again == pytest.approx(error_of_mean(scores, whose))
    assert error_of_mean(scores, whose) == pytest.approx(scores.std(ddof=1) / 200**0.5)


def test_folds_that_learn_from_each_other_seldom_agree_on_what_is_not_there() -> None:
    """Every fold is ranked by a regression on all others; without the widening about 7 % of such
    tables would be called different (nominal 2.5 %)."""
    effect = Effect(Number("y"), Arms("arm", ("a", "b"), "a"))
    n, folds, found, plain = 120, np.arange(120) % 4, 0, 0
    for seed in range(200):
        draw_ = np.random.default_rng(seed)
        x, scores, said = draw_.standard_normal((n, 3)), draw_.standard_normal(n), np.zeros(n)
        for fold in range(4):
            mine = folds == fold
            said[mine] = x[mine] @ np.linalg.lstsq(x[~mine], scores[~mine], rcond=None)[0]
        draws = draw([str(k) for k in range(n)], np.arange(n) % 2, 200, folds=tuple(folds.tolist()))
        autoc, _ = heterogeneity.rank_weighted(said, scores, draws)
        predictions = Predictions(
            tuple(map(str, range(n))), effect.labels, np.zeros((n, 3)), np.zeros((n, 3)),
            np.zeros((n, 3)), np.arange(n) % 2, np.zeros(n, dtype=bool),
            folds=tuple(folds.tolist()),
        )  # fmt: skip
        found += intervals(predictions, 0.5, draws, {"autoc": autoc})["autoc"].low > 0
        plain += percentiles(autoc).low > 0
    assert found / 200 <= 0.04
    assert plain > found
    alone = intervals(replace(predictions, folds=()), 0.5, draws, {"autoc": autoc})["autoc"]
    assert alone == percentiles(autoc)


def test_curves_rank_within_those_whom_the_same_models_predicted() -> None:
    """Whoever is held out with a large effect lowers what the others say of it, so that all folds
    together, sorted by what is predicted, would show the reverse of what AUTOC says."""
    draw_, n, folds = np.random.default_rng(5), 1000, np.arange(1000) % 5
    tells = draw_.standard_normal(n)
    shift = np.array([-3.0, -1, 0, 1, 3])[folds]
    scores, said = tells + shift, 0.1 * tells - shift
    seen = Seen(
        np.column_stack([scores, scores, scores]), np.full((n, 2), 0.5), np.arange(n) % 2, scores,
        said[:, None], np.arange(n).astype(str), folds,
    )  # fmt: skip
    draws = draw(seen.patients.tolist(), seen.given, 200, folds=folds.tolist())
    autoc, _ = heterogeneity.rank_weighted(said, scores, draws)
    curve = evaluation.concentrated(said, scores, seen)
    assert autoc[0] > 0.8
    assert np.mean(curve.y) == pytest.approx(autoc[0], rel=0.1)
    assert curve.y[-1] == pytest.approx(0, abs=1e-9)
    assert np.all(np.diff(evaluation.quintiles(said, scores, seen).y) > 0)
    alone = seen.select(folds == 2)
    again = evaluation.concentrated(alone.said[:, 0], alone.scores[:, 0], alone)
    by_itself = replace(alone, folds=np.empty(0, dtype=np.int64))
    assert again == evaluation.concentrated(alone.said[:, 0], alone.scores[:, 0], by_itself)


def test_nothing_is_evaluated_of_an_option_that_nobody_was_given() -> None:
    """Their scores would be what the model predicts, which would prove itself right."""
    effect = Effect(Number("y"), Arms("arm", ("a", "b", "c"), "a"))
    draw_, n = np.random.default_rng(6), 120
    actual = draw_.standard_normal((n, effect.width))
    said = np.concatenate([actual[:, :2], draw_.standard_normal((n, 3))], axis=1)
    predictions = Predictions(
        tuple(map(str, range(n))), effect.labels, said, said, said, np.arange(n) % 2,
        np.zeros(n, dtype=bool), actual=actual,
    )  # fmt: skip
    draws = draw(predictions.patients, predictions.observed, 200)
    found = intervals(predictions, 0.5, draws, evaluation.measured(effect, predictions, 0.5, draws))
    assert np.isfinite(found["ate_b"].low)
    assert np.isfinite(found["policy_value_b"].low)
    for name in ("ate_c", "autoc_c", "qini_c", "calibration_mean_c", "policy_value_c", "autoc",
                 "policy_gain"):  # fmt: skip
        assert np.isnan(found[name].value), name
    assert list(evaluation.curves(effect, predictions)) == ["b instead of a"]
    differs, verdict = told(effect, 1, found)
    assert not differs
    assert verdict.startswith("c instead of a: too few patients")
