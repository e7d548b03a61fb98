"""Synthetic rows look like the cohort's and are nobody's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pmed_core.modalities.tabular.synthesis import synthesise
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.catalogue import SAMPLES
from pmed_core.variable import Role


def test_they_resemble_the_cohort_and_repeat_nobody() -> None:
    sample = next(sample for sample in SAMPLES if sample.name == "intensive_care")
    cohort = read_cohort(
        sample.path, outcome="died_in_hospital", positive=["yes"], patient="stay_id"
    )
    names = [variable.name for variable in cohort.inputs]
    made, real = synthesise(cohort, 400, 0), cohort.table[names]
    assert list(made.columns) == names
    assert list(made.dtypes) == list(real.dtypes)
    for variable in cohort.inputs:
        here, there = made[variable.name], real[variable.name]
        assert here.isna().mean() == pytest.approx(there.isna().mean(), abs=0.1)
        if variable.categories:
            assert set(here.dropna()) <= set(variable.categories)
        else:
            assert there.min() <= here.min()
            assert here.max() <= there.max()
    age, others = made.filter(like="age").iloc[:, 0], real.filter(like="age").iloc[:, 0]
    assert age.mean() == pytest.approx(others.mean(), abs=4)
    repeated = made.merge(real.reset_index(), how="inner", on=names)
    assert repeated.empty


def test_what_goes_together_still_does() -> None:
    generator = np.random.default_rng(0)
    marker = generator.normal(size=500)
    stage = np.where(marker + generator.normal(size=500) > 0, "II", "I")
    frame = pd.DataFrame(
        {
            "marker": marker,
            "twin": marker + 0.5 * generator.normal(size=500),
            "apart": generator.normal(size=500),
            "stage": stage,
            "never": np.nan,
            "always": 5.0,
            "died": generator.choice(["yes", "no"], 500),
        }
    )
    made = read_cohort(frame, outcome="died")
    made = replace(made, variables=tuple(
        replace(v, role=Role.INPUT) if v.name == "never" else v for v in made.variables
    ))  # fmt: skip
    rows = synthesise(made, 2000, 0)
    assert rows["marker"].corr(rows["twin"]) == pytest.approx(np.sqrt(0.8), abs=0.07)
    assert rows["marker"].corr(rows["apart"]) == pytest.approx(0, abs=0.12)
    gap = rows.groupby("stage")["marker"].mean()
    assert gap["II"] - gap["I"] > 0.8
    assert rows["never"].isna().all()
    assert (rows["always"] == 5).all()
    assert not set(rows["marker"]) & set(frame["marker"])


def test_the_same_seed_makes_the_same_rows() -> None:
    cohort = read_cohort(SAMPLES[0].path, outcome="diagnosis", positive=["malignant"])
    first, second = synthesise(cohort, 20, 3), synthesise(cohort, 20, 3)
    assert first.equals(second)
    assert not np.allclose(first.iloc[:, 2], synthesise(cohort, 20, 4).iloc[:, 2])
