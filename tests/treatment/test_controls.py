"""Negative controls: what was not measured shows on them, and is taken off the effect."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pmed_core import load
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evaluation import Baseline, Measure
from pmed_core.modalities.treatment.account import completed
from pmed_core.modalities.treatment.controls import Compared, effect, null, observed
from pmed_core.outcomes import Arms, Effect, Number
from pmed_core.outcomes.effect.controls_figures import (
    controls,
    controls_caption,
    controls_table,
)
from pmed_core.outcomes.effect.diagnostics import diagnostics_of
from pmed_core.outcomes.effect.verdicts import calibrated
from pmed_core.predictor import Predictor
from pmed_core.readers.tables import read_cohort
from pmed_core.variable import Kind, Role, Variable
from tests.treatment.test_models import fit, options

MANY = 10
NAMES = tuple(f"control {k}" for k in range(MANY))


def hidden(n: int = 400, seed: int = 0, pull: float = 0.6) -> pd.DataFrame:
    """How ill patients were was seen and not written down: it moves the choice, the outcome (which
    the treatment lowers by 0.3) and all controls."""
    draw = np.random.default_rng(seed)
    x, ill = draw.standard_normal((n, 2)), draw.standard_normal(n)
    given = draw.random(n) < 1 / (1 + np.exp(-0.4 * x[:, 0] - 0.8 * ill))
    frame = pd.DataFrame({"x": x[:, 0], "z": x[:, 1], "arm": np.where(given, "b", "a")})
    for name, strength in zip(NAMES, draw.normal(pull, 0.15, MANY), strict=True):
        frame[name] = 0.3 * x[:, 1] + strength * ill + draw.standard_normal(n)
    frame[NAMES[0]] = np.where(frame[NAMES[0]] > 0.8, "yes", "no")
    frame["y"] = x[:, 0] + pull * ill - 0.3 * given + draw.standard_normal(n)
    return frame


def cohort_of(frame: pd.DataFrame, names: tuple[str, ...] = NAMES) -> Cohort:
    arms = Arms("arm", reference="a", better="lower", controls=names)
    return read_cohort(frame, outcome=Number("y"), treatment=arms)


def test_calibrated_intervals_hold_the_truth_where_plain_ones_do_not() -> None:
    draw = np.random.default_rng(1)
    plain = calibrated_ = 0
    runs = 400
    for _ in range(runs):
        errors = draw.uniform(0.05, 0.12, MANY + 1)
        said = draw.normal(0.2, 0.1, MANY + 1) + errors * draw.standard_normal(MANY + 1)
        value, error = said[-1] - 0.4, errors[-1]
        _, low, high, _ = null(said[:-1], errors[:-1]).calibrated(value, error)
        plain += abs(value + 0.4) < 1.96 * error
        calibrated_ += low < -0.4 < high
    assert plain / runs < 0.8
    assert 0.93 <= calibrated_ / runs <= 0.995


@pytest.mark.parametrize(("no", "yes"), [("no", "yes"), ("0", "1"), ("absent", "present")])
def test_what_most_patients_had_is_an_event_as_well(no: str, yes: str) -> None:
    frequent = pd.Series([yes] * 7 + [no] * 2 + [None])
    outcome, called = observed(frequent, Variable("fracture", Kind.CATEGORY))
    assert called == f"fracture is {yes}"
    assert np.array_equal(outcome, [1] * 7 + [0] * 2 + [np.nan], equal_nan=True)


def test_of_values_that_do_not_tell_the_rarer_one_is_the_event() -> None:
    outcome, called = observed(pd.Series(["a", "a", "b"]), Variable("side", Kind.CATEGORY))
    assert (outcome.tolist(), called) == ([0, 0, 1], "side is b")


def test_without_systematic_error_little_is_changed() -> None:
    draw = np.random.default_rng(2)
    errors = np.full(40, 0.1)
    value, low, high, p = null(errors * draw.standard_normal(40), errors).calibrated(0.5, 0.1)
    assert value == pytest.approx(0.5, abs=0.06)
    assert low < value < high
    assert 2 * 1.96 * 0.1 <= high - low < 3 * 1.96 * 0.1
    assert p < 0.01


def test_a_control_of_a_trial_shows_no_effect() -> None:
    draw = np.random.default_rng(3)
    n = 800
    x, given = draw.standard_normal((n, 3)), draw.integers(0, 2, n)
    of = Compared(
        x,
        given,
        np.full((n, 2), 0.5),
        np.arange(n) % 4,
        np.ones(n, dtype=bool),
        np.arange(n).astype(str),
    )
    outcome = x[:, 0] + draw.standard_normal(n)
    outcome[::7] = np.nan
    value, error, many = effect(outcome, of)
    assert many == np.isfinite(outcome).sum()
    assert abs(value) < 2.5 * error
    moved, _, _ = effect(outcome + given, of)
    assert moved == pytest.approx(value * np.nanstd(outcome) / np.nanstd(outcome + given)
                                  + 1 / np.nanstd(outcome + given), abs=0.03)  # fmt: skip


@pytest.fixture(scope="module")
def confounded() -> tuple[Cohort, Predictor]:
    cohort = cohort_of(hidden())
    return cohort, fit(cohort, options())


def test_what_was_not_measured_is_found_and_taken_off(
    confounded: tuple[Cohort, Predictor], tmp_path: Path
) -> None:
    cohort, model = confounded
    assert not set(NAMES) & {v.name for v in model.variables}
    plain = model.evaluation.measures["ate"]
    assert plain.low > -0.3
    model.save(tmp_path / "model")
    kept = diagnostics_of(load(tmp_path / "model").card)
    assert kept is not None
    found = kept.comparisons[0].calibration
    assert found is not None
    assert found.average is not None
    assert found.average.low < -0.3 < found.average.high
    assert found.average.value < plain.value
    assert found.bias > 0.1
    assert found.off >= 5
    assert found.controls[0].name == "control 0 is yes"
    assert any("negative controls" in warning for warning in kept.warnings)
    outcome = model.outcome
    assert isinstance(outcome, Effect)
    assert calibrated(outcome, kept.comparisons[0]) in model.evaluation.verdict
    gap = Measure(-0.2, -0.3, -0.1)
    better = Baseline("T-learner", {"autoc": gap}, gap, gap, 1.0)
    beaten = completed(replace(model.evaluation, baselines=(better,)), kept).verdict
    assert "The model tells effects apart worse than T-learner (AUTOC of the model" in beaten
    assert len(controls_table(found)) == MANY
    assert len(controls(found).layout.shapes) >= 2
    assert "Systematic error is about +" in controls_caption(found)


def test_controls_are_no_inputs_until_they_are_none() -> None:
    cohort = cohort_of(hidden(120), NAMES[:2])
    assert {v.name: v.reason for v in cohort.variables}[NAMES[1]] == "is a negative control"
    assert any(f"'{NAMES[1]}' is a negative control" in note for note in cohort.notes)
    found = {v.name for v in cohort.inputs}
    assert NAMES[1] not in found
    assert NAMES[2] in found


def test_few_controls_are_shown_and_do_not_calibrate() -> None:
    cohort = cohort_of(hidden(160), NAMES[:2])
    model = fit(cohort, options(), 5)
    kept = diagnostics_of(model.card)
    assert kept is not None
    found = kept.comparisons[0].calibration
    assert found is not None
    assert found.average is None
    assert "fewer than five" in controls_caption(found)
    assert "Calibrated" not in model.evaluation.verdict


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("arm", None, "is outcome, treatment or patient"),
        ("flat", 1.0, "has 1 value"),
        ("many", ["p", "q", "r", "s"], "has more than two values"),
        ("rare", [1.0, *[None] * 6, 2.0, *[None] * 6], "is known of only"),
    ],
)
def test_what_can_be_no_control_is_refused(name: str, cells: Any, why: str) -> None:
    frame = hidden(120)
    if isinstance(cells, list):
        frame[name] = (cells * 120)[:120]
    elif cells is not None:
        frame[name] = cells
    with pytest.raises(UserError) as told:
        cohort_of(frame, (name,))
    assert why in told.value.what
    assert "two values" in told.value.remedy


def test_a_control_that_is_no_column_is_named() -> None:
    with pytest.raises(UserError, match="injury"):
        cohort_of(hidden(120), ("injury",))


def test_roles_of_controls_are_those_of_ignored_columns() -> None:
    cohort = cohort_of(hidden(120), NAMES[:1])
    assert {v.role for v in cohort.variables if v.name == NAMES[0]} == {Role.IGNORE}
