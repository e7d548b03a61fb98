"""Expression and mutations of one cell line: each counts as far as it tells, chosen in training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core import fit, load
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.response.factors import encoder, shares, weights_of
from pmed_core.modalities.response.options import FactorsOptions
from pmed_core.options import ResponseOptions
from pmed_core.outcomes import Number
from pmed_core.profiles import Profiles
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.drug_response import FILES, drug_response
from pmed_core.shell.joins import packed
from pmed_core.store import profiles as stored

KIND = np.repeat([0, 1], [20, 60])


def lines(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Profiles whose first kind drives the responses, and whose second is noise."""
    draw = np.random.default_rng(seed)
    values = draw.standard_normal((90, 80))
    told = values[:, :3] @ draw.standard_normal((3, 12))
    return values, told + 0.5 * draw.standard_normal(told.shape)


def test_what_tells_nothing_counts_little() -> None:
    values, responses = lines()
    found = shares(values, KIND, responses)
    assert found[0] == 1
    assert found[1] <= 0.1
    # Neither order nor scale of the files matters.
    other = np.roll(values * np.where(KIND == 0, 1.0, 1e-3), 60, axis=1)
    assert shares(other, 1 - np.roll(KIND, 60), responses).tolist() == found[::-1].tolist()
    assert shares(values, np.zeros(80, dtype=np.int64), responses).tolist() == [1.0]


def test_a_kind_counts_as_a_whole_however_many_measurements_it_has() -> None:
    values, _ = lines()
    weight = weights_of(np.array([1.0, 0.3]), KIND)
    found = encoder(values, weight).standardised(values)
    sizes = [(found[:, k == KIND] ** 2).sum() for k in (0, 1)]
    assert sizes[1] / sizes[0] == pytest.approx(0.3)
    nothing = encoder(values, weights_of(np.array([1.0, 0.0]), KIND)).standardised(values)
    assert not nothing[:, KIND == 1].any()


def joined(folder: Path, files: tuple[str, ...]) -> Cohort:
    joins = [("cell_line", folder / name) for name in files] + [("drug", folder / FILES[2])]
    with packed(folder / FILES[0], joins) as (path, choices):
        return read_cohort(path, outcome=Number("ln_ic50_uM"), choices=choices)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample with a file of mutations, which tell nothing, of all but ten lines."""
    found, tables = tmp_path_factory.mktemp("several"), drug_response()
    expressed = tables[FILES[1]]
    draw = np.random.default_rng(3)
    marks = draw.integers(0, 2, (len(expressed) - 10, 30))
    mutated = pd.DataFrame(marks, columns=[f"gene_{k}" for k in range(30)])
    mutated.insert(0, "cell_line", expressed["cell_line"].iloc[10:].to_numpy())
    for name, table in {**tables, "mutations.csv": mutated}.items():
        table.to_csv(found / name, index=False)
    return found


def test_a_model_of_both_says_what_counts_and_reads_later_files_by_their_names(
    folder: Path, tmp_path: Path
) -> None:
    cohort = joined(folder, (FILES[1], "mutations.csv"))
    asked = ResponseOptions(network=FactorsOptions(), folds=2, baselines=False)
    model = fit(cohort, asked)
    assert any("'expression' 1, 'mutations' 0" in note for note in model.evaluation.notes)
    assert model.evaluation.measures["per_drug_r"].value > 0.6
    model.save(tmp_path / "model")
    kept, some = load(tmp_path / "model"), cohort.select(np.arange(40))
    assert kept.predict(some).value == pytest.approx(model.predict(some).value)
    # In whatever order the files are joined, and without the mutations.
    turned = joined(folder, ("mutations.csv", FILES[1])).select(np.arange(40))
    assert kept.predict(turned).value == pytest.approx(model.predict(some).value, abs=1e-6)
    alone = joined(folder, (FILES[1],)).select(np.arange(40))
    assert np.isfinite(kept.predict(alone).value).all()
    assert any("30 of the model's 80 genes" in note for note in kept.predict(alone).notes)
    assert alone.profiles is not None
    renamed = replace(alone, profiles=replace(alone.profiles, kinds=(("genes", 50),)))
    with pytest.raises(UserError, match="80 of the model's 80 genes are not in the profiles"):
        kept.predict(renamed)


def test_kinds_are_kept_with_the_cohort(tmp_path: Path) -> None:
    one = Profiles(("a", "b"), ("x",), np.zeros((2, 1), np.float32), (("first", 1),))
    both = one.beside(Profiles(("b", "c"), ("x",), np.ones((2, 1), np.float32), (("second", 1),)))
    cohort = Cohort("c", pd.DataFrame({"l": ["a"]}), (), profiles=both)
    stored.write(cohort, tmp_path, tmp_path)
    again = stored.mapped(tmp_path, 0)
    assert again is not None
    assert (again.names, again.kinds) == (both.names, both.kinds)
    with pytest.raises(ValueError, match="kinds"):
        replace(both, kinds=(("first", 1),))
