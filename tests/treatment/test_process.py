"""The process beside the networks of a treatment's outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pmed_core.arrays import from_plain, to_plain
from pmed_core.modalities.treatment.likelihood import likeness
from pmed_core.modalities.treatment.process import Process, process

Doubles = NDArray[np.float64]
Part = tuple[Doubles, NDArray[np.int64], Doubles]


def patients(n: int = 160, seed: int = 0, bent: bool = False) -> tuple[Part, Doubles]:
    """Two of four inputs matter, the same two under both options; and the true effects."""
    draw = np.random.default_rng(seed)
    cells, given = draw.standard_normal((n, 4)), draw.integers(0, 2, n)
    index = 0.8 * cells[:, 0] + 0.6 * cells[:, 1]
    under = np.exp(2 * index) if bent else 3 + index, 5 + index * (1 if bent else 3)
    happened = np.where(given == 1, under[1], under[0]) + 0.5 * draw.standard_normal(n)
    return (cells, given, happened), under[1] - under[0]


def learnt(part: Part, bends: bool = True) -> tuple[Process, Doubles]:
    return process(part, 2, bends=bends, seed=0)


def effects(found: Process, cells: Doubles) -> tuple[Doubles, Doubles]:
    """With their standard errors."""
    expected, covariance = found.answers(cells)
    own = covariance[:, 1, 1] + covariance[:, 0, 0] - 2 * covariance[:, 0, 1]
    return expected[:, 1] - expected[:, 0], np.sqrt(own)


def test_effects_of_others_lie_in_their_intervals() -> None:
    part, _ = patients()
    found, _ = learnt(part)
    (others, _, _), true = patients(seed=1)
    said, error = effects(found, others)
    assert np.corrcoef(said, true)[0, 1] > 0.98
    assert (np.abs(said - true) < 1.96 * error).mean() > 0.85


def test_what_grows_by_factors_is_read_by_its_logarithm() -> None:
    part, _ = patients(bent=True)
    (others, _, _), true = patients(seed=1, bent=True)
    bent, plain = learnt(part)[0], learnt(part, bends=False)[0]
    assert bent.chosen.tolist() == [1, 0]
    assert len(plain.fields) == 1
    errors = [float(np.median(np.abs(effects(one, others)[0] - true))) for one in (bent, plain)]
    assert errors[0] < errors[1]


def test_a_patient_left_out_has_not_been_learnt_from() -> None:
    """Whatever happened to one, what is said of them is the same; likeness is of all."""
    part, _ = patients(n=80)
    cells, given, happened = part
    found, left_out = learnt(part, bends=False)
    field = found.fields[0]
    rest = np.arange(80) != 7
    x = (cells - found.centre) / found.scale
    rows, y = field.features(x, given), field.read(happened)
    precise = rows / field.noise[given, None]
    inverse = np.linalg.inv(precise[rest].T @ rows[rest] + np.eye(rows.shape[1]))
    weights = inverse @ (precise[rest].T @ y[rest])
    for option in (0, 1):
        said = field.features(x[7:8], np.array([option])) @ weights
        again = float(said[0]) * field.spread + field.middle
        assert left_out[7, option] == pytest.approx(again, abs=1e-3)


def test_inputs_that_matter_are_the_nearest_in_length() -> None:
    (cells, given, happened), _ = patients()
    alike = likeness(cells, given, (happened - happened.mean()) / happened.std(), 2)
    assert alike.inverse[:2].min() > alike.inverse[2:].max()


def test_the_order_of_patients_does_not_matter() -> None:
    (cells, given, happened), _ = patients(n=60)
    turned = np.random.default_rng(3).permutation(60)
    found = learnt((cells, given, happened), bends=False)[0]
    again = learnt((cells[turned], given[turned], happened[turned]), bends=False)[0]
    assert effects(again, cells)[0] == pytest.approx(effects(found, cells)[0], abs=0.02)


def test_unknown_cells_count_as_the_mean_and_extremes_are_clipped() -> None:
    (cells, given, happened), _ = patients(n=60)
    cells[:10, 2] = np.nan
    found = learnt((cells, given, happened), bends=False)[0]
    asked = np.array([[0.0, 0.0, np.nan, 0.0], [0.0, 0.0, found.centre[2], 0.0],
                      [1e9, 0.0, 0.0, 0.0], [1e3, 0.0, 0.0, 0.0]])  # fmt: skip
    said, _ = found.answers(asked)
    assert said[0] == pytest.approx(said[1])
    assert said[2] == pytest.approx(said[3])


def test_of_very_many_inputs_those_that_tell_are_read() -> None:
    (cells, given, happened), _ = patients()
    noise = np.random.default_rng(5).standard_normal((len(cells), 100))
    found = learnt((np.concatenate([noise, cells], axis=1), given, happened), bends=False)[0]
    assert len(found.columns) == 60
    assert {100, 101} <= set(found.columns.tolist())


def test_a_process_that_was_kept_says_the_same_and_parts_that_do_not_fit_are_refused() -> None:
    part, _ = patients(n=60)
    found, _ = learnt(part, bends=False)
    again: Process = from_plain(Process, to_plain(Process, found))
    again.check(2)
    assert again.answers(part[0])[0] == pytest.approx(found.answers(part[0])[0])
    field = found.fields[0]
    for broken in (
        replace(found, centre=found.centre[:-1]),
        replace(found, chosen=np.array([0, 1])),
        replace(found, fields=(replace(field, weights=field.weights[:-1]),)),
        replace(found, fields=(replace(field, noise=field.noise[:1]),)),
    ):
        with pytest.raises(ValueError, match="parts fit"):
            broken.check(2)
