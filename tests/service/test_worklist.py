"""All patients of a cohort with their held-out predictions, and links to one of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pmed_core.service import cohorts, links, models, training
from pmed_core.service import patients as asked
from pmed_core.service.hub import hub
from pmed_core.service.worklist import worklist
from pmed_core.settings import settings
from pmed_core.variable import Role
from tests.service.made import QUICK, Installation, as_bytes, chosen, patients

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_every_patient_has_the_held_out_prediction(trained: Installation) -> None:
    entry, table = models.model(trained.model), patients()
    found = worklist(trained.model, entry.outcome.labels[0])
    assert found["patient"].tolist() == table["patient_id"].tolist()
    held_out = hub().store.models.out_of_fold(trained.model)
    assert held_out is not None
    told = dict(zip(held_out.patients, held_out.value[:, 0], strict=True))
    assert found["value"].tolist() == [told[one] for one in table["patient_id"]]
    happened = ["event" if one == "yes" else "no event" for one in table["died"]]
    assert found["happened"].tolist() == happened


def test_who_was_not_in_training_is_listed_without_a_number() -> None:
    table = patients()
    table.loc[[4, 9], "died"] = None
    cohort = chosen(cohorts.bring_in("icu.csv", as_bytes(table)))
    job = training.job(training.train(cohort, "Gaps", QUICK))
    found = worklist(job.result, models.model(job.result).outcome.labels[0])
    assert len(found) == len(table)
    assert np.flatnonzero(found["value"].isna()).tolist() == [4, 9]
    assert found["happened"][[4, 9]].tolist() == ["unknown", "unknown"]
    assert not found["outside"][[4, 9]].any()


def test_rows_without_ids_keep_their_numbers_where_some_have_no_outcome() -> None:
    table = patients().drop(columns="patient_id")
    unknown = [0, 3, 50]
    table.loc[unknown, "died"] = None
    cohort = chosen(cohorts.bring_in("rows.csv", as_bytes(table)))
    job = training.job(training.train(cohort, "Rows", QUICK))
    assert job.state == "done", job.error
    found = worklist(job.result, "yes").set_index("patient")
    without = [str(row + 1) for row in unknown]
    assert found.index[found["value"].isna()].tolist() == without
    for row in (1, 2, 49, 119):
        cells = cohorts.cells(cohort, str(row + 1))
        assert cells["age"] == table["age"][row]
        said = asked.consult(job.result, cells, str(row + 1)).value[0]
        assert found["value"][str(row + 1)] == pytest.approx(said, abs=1e-6)
        assert (found["happened"][str(row + 1)] == "event") == (table["died"][row] == "yes")


def test_a_link_names_nobody_and_leads_back(trained: Installation) -> None:
    every = cohorts.patients(trained.cohort)
    names = [links.link(trained.cohort, one) for one in every]
    assert len(set(names)) == len(every)
    assert not any(one in name for one in every for name in names)
    assert [links.linked(trained.cohort, name) for name in names] == list(every)
    assert links.linked(trained.cohort, "0" * links.LENGTH) == ""


def test_another_installation_has_other_links(trained: Installation) -> None:
    before = links.link(trained.cohort, "P001")
    (settings().home / "pseudonyms.key").write_bytes(b"k" * 32)
    assert links.link(trained.cohort, "P001") != before


def test_a_link_stays_when_the_cohort_is_revised(trained: Installation) -> None:
    before = links.link(trained.cohort, "P001")
    entry = cohorts.cohort(trained.cohort)
    assert entry.outcome is not None
    fewer = tuple(replace(v, role=Role.IGNORE) if v.name == "sex" else v for v in entry.variables)
    revised = cohorts.revise(trained.cohort, fewer, entry.outcome)
    assert revised != trained.cohort
    assert links.link(revised, "P001") == before
