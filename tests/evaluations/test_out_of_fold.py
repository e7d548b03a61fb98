"""Intervals of predictions that came out of folds: who is compared, and how wide they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from pmed_core.evaluation import Measure
from pmed_core.evaluations import measures, training_share
from pmed_core.evaluations.evaluate import evaluate
from pmed_core.evaluations.resampling import draw, interval
from pmed_core.outcomes import Outcome, TimeToEvent
from pmed_core.predictions import Predictions
from tests.evaluations.cases import DIED, predictions, risks

Doubles = NDArray[np.float64]
FOLDS = 4


def in_folds(n: int, seed: int = 0, levels: float = 0.0) -> Predictions:
    """Patients of four folds in turn, whose models are ``levels`` of log-odds apart."""
    risk, event = risks(n, seed)
    fold = np.arange(n) % FOLDS
    shifted = expit(np.log(risk / (1 - risk)) + levels * fold)
    return replace(predictions(shifted, event), folds=tuple(fold.tolist()))


def panel(noise: float, seed: int = 0) -> Doubles:
    """(4, 200, 1) scores that agree but for noise of its own in each fold."""
    common = np.random.default_rng(99).normal(size=(200, 1))
    return common + noise * np.random.default_rng(seed).normal(size=(FOLDS, 200, 1))


def auroc(found: Predictions, of: Outcome = DIED) -> Measure:
    return evaluate(found, of, 0.3, "test").measures[of.discrimination]


def width(measure: Measure) -> float:
    return measure.high - measure.low


def test_only_patients_of_the_same_fold_are_compared() -> None:
    found = in_folds(400)
    fold, event = np.array(found.folds), found.observed
    each = [roc_auc_score(event[fold == k], found.value[fold == k, 0]) for k in range(FOLDS)]
    pairs = [(event[fold == k] == 1).sum() * (event[fold == k] == 0).sum() for k in range(FOLDS)]
    assert auroc(found).value == pytest.approx(np.average(each, weights=pairs), abs=1e-12)


def test_it_is_said_who_is_compared_where_there_are_folds() -> None:
    found = in_folds(200)
    said = [
        any("among those of the same fold" in note for note in one.notes)
        for one in (
            evaluate(found, DIED, 0.3, "test"),
            evaluate(replace(found, folds=()), DIED, 0.3, "test"),
        )
    ]
    assert said == [True, False]


@given(st.floats(-5, 5), st.integers(0, 9))
@settings(max_examples=10, deadline=None)
def test_levels_of_folds_change_nothing_of_the_auroc(levels: float, seed: int) -> None:
    level = auroc(in_folds(120, seed))
    assert vars(auroc(in_folds(120, seed, levels))) == pytest.approx(vars(level), abs=1e-9)


def test_times_of_the_same_fold_alone_are_compared() -> None:
    generator, n = np.random.default_rng(1), 120
    time = generator.exponential(size=n)
    fold = np.arange(n) % FOLDS
    # Within a fold the order is right; between folds it is what the levels make of it.
    rate = 1 / (time + 0.1) * 10.0**fold
    times = tuple(np.linspace(0, 5, 30).tolist())
    died, nobody = np.ones(n, np.int64), np.zeros(n, bool)
    risk = 1 - np.exp(-rate)[:, None]
    found = Predictions(
        tuple(map(str, range(n))), ("risk by 1",), risk, risk, risk, died, nobody, time=time,
        times=times, survival=np.exp(-rate[:, None] / 1000 * np.array(times)),
    )  # fmt: skip
    outcome = TimeToEvent("died", "time", ("yes",), horizons=(1.0,))
    assert auroc(found, outcome).value < 0.8
    assert auroc(replace(found, folds=tuple(fold.tolist())), outcome).value == pytest.approx(1)


def test_without_folds_that_can_be_compared_the_interval_is_the_plain_bootstrap() -> None:
    found = in_folds(300)
    plain = auroc(found)
    same = np.repeat(panel(0.0)[:1], FOLDS, axis=0)
    assert vars(auroc(replace(found, panel=same))) == pytest.approx(vars(plain), abs=1e-12)


def test_the_less_models_of_folds_agree_the_wider_the_interval_up_to_twice_the_variance() -> None:
    found = in_folds(300)
    wide = [width(auroc(replace(found, panel=panel(noise)))) for noise in (0.0, 0.2, 0.5, 3.0)]
    assert wide == sorted(wide)
    assert wide[1] > 1.02 * wide[0]
    assert wide[-1] == pytest.approx(np.sqrt(2) * wide[0], rel=0.03)


def test_a_wider_interval_stays_between_nothing_and_one() -> None:
    risk = np.append(np.linspace(0.1, 0.4, 40), [0.35, 0.6, 0.7, 0.8])
    found = predictions(risk, [0] * 40 + [1] * 4)
    found = replace(found, folds=(0,) * 44, panel=panel(3.0))
    assert 0.8 < auroc(found).value < auroc(found).high <= 1


def test_a_difference_is_as_uncertain_as_the_models_of_folds_make_it() -> None:
    found = replace(in_folds(300), panel=panel(0.2))
    weaker = expit(np.log(found.value / (1 - found.value)) + 1.5 * np.sin(np.arange(300))[:, None])

    def difference(other: Predictions) -> Measure:
        return evaluate(found, DIED, 0.3, "test", {"other": (other, 0.0)}).baselines[0].difference

    other = replace(found, value=weaker)
    plain = difference(replace(other, panel=np.empty((0, 0, 0))))
    # Where both differ by the same in each fold, no other patients would change it.
    alike = difference(replace(other, panel=found.panel.copy()))
    unlike = difference(replace(other, panel=panel(0.2, seed=1)))
    assert vars(alike) == pytest.approx(vars(plain), abs=1e-12)
    assert width(unlike) == pytest.approx(np.sqrt(2) * width(plain), rel=1e-6)


def test_losses_keep_their_intervals() -> None:
    found = in_folds(300)
    plain = evaluate(found, DIED, 0.3, "test").measures["brier"]
    wide = evaluate(replace(found, panel=panel(3.0)), DIED, 0.3, "test").measures["brier"]
    assert wide == plain


def test_noise_is_covered() -> None:
    """Nearest mean of other folds' patients, on 200 tables of noise; the plain bootstrap holds 0.5
    in four of five."""
    held = np.array([_noise(seed) for seed in range(200)])
    plain, wide = held.mean(axis=0)
    assert plain < 0.88 < 0.91 < wide


def _noise(seed: int) -> tuple[bool, bool]:
    generator, n = np.random.default_rng(seed), 96
    columns = generator.normal(size=(n, 5))
    event, fold = np.arange(n) % 3 == 0, np.arange(n) // 3 % FOLDS
    asked = generator.normal(size=(64, 5))
    score, said = np.empty(n), []
    for k in range(FOLDS):
        away = columns[(fold != k) & event].mean(axis=0) - columns[(fold != k) & ~event].mean(
            axis=0
        )
        score[fold == k] = columns[fold == k] @ away
        said.append((asked @ away)[:, None])
    draws = draw(tuple(map(str, range(n))), event.astype(np.int64), 200, tuple(fold.tolist()))
    values = measures.auroc(measures.YesNoCase(score, event.astype(np.float64)), draws)
    share = training_share.share(training_share.ranks(np.array(said)), (0,))
    plain, wide = interval(values), interval(training_share.widened(values, share))
    return plain.low <= 0.5 <= plain.high, wide.low <= 0.5 <= wide.high
