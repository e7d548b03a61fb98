"""FHIR R4 in, a card or a RiskAssessment out; what does not count is said, what is another's is
refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as properties
from hypothesis import strategies as st

from pmed_core.api import fhir
from pmed_core.errors import UserError
from pmed_core.service import models, patients
from pmed_core.settings import RESEARCH_ONLY, settings
from pmed_core.variable import Kind, Variable
from pmed_core.work import Cell
from tests.api.conftest import System
from tests.service.made import Installation

LOINC = "http://loinc.org"
TODAY = date(2026, 11, 27)
SOURCES: dict[str, Any] = {
    "age": {"patient": "age"},
    "sex": {"patient": "gender", "values": {"female": "f", "male": "m"}},
    "lactate": {"code": f"{LOINC}|2524-7", "unit": "mmol/L", "days": 2},
}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1955-12-01",
    "name": [{"family": "Roe", "given": ["Jane"]}],
}  # fmt: skip


def lactate(value: float = 2.5, days: float = 1, **more: Any) -> dict[str, Any]:
    when = datetime(2026, 11, 27, 12, tzinfo=UTC) - timedelta(days)
    return {
        "resourceType": "Observation", "id": f"o{value}", "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "2524-7"}]},
        "subject": {"reference": "Patient/p1"}, "effectiveDateTime": when.isoformat(),
        "valueQuantity": {"value": value, "unit": "mmol/L", "code": "mmol/L"},
    } | more  # fmt: skip


@pytest.fixture
def mapped(trained: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The model, which can be asked in FHIR."""
    path = tmp_path / "map.json"
    path.write_text(json.dumps({trained.model: SOURCES}))
    monkeypatch.setenv("PMED_FHIR_MAP", str(path))
    settings.cache_clear()
    return trained.model


def found(model: str, *observations: dict[str, Any], **patient: Any) -> fhir.Found:
    return fhir.gathered(models.model(model), PATIENT | patient, list(observations), TODAY)


def test_a_patient_is_read(mapped: str) -> None:
    read = found(mapped, lactate(1.9, 2), lactate(2.5, 1), lactate(9.0, 1.5))
    assert read.cells == {"age": 70.0, "sex": "f", "lactate": 2.5}
    assert (read.patient, read.basis, read.notes) == ("p1", {"lactate": "Observation/o2.5"}, ())
    assert found(mapped, birthDate="1955-11-27").cells["age"] == 71.0


def test_days_are_counted_in_one_time_zone(mapped: str) -> None:
    west = lactate(effectiveDateTime="2026-11-24T23:00:00-10:00")  # the 25th, 9:00, in UTC
    assert found(mapped, west).cells["lactate"] == 2.5
    assert found(mapped, lactate(effectiveDateTime="0001-01-01T00:00:00+10:00")).notes


def test_in_bundles_and_components_too(mapped: str) -> None:
    one = lactate(3.1)
    panel = one | {"code": {"coding": [{"system": LOINC, "code": "24338-6"}]}, "component": [
        {"code": one["code"], "valueQuantity": one["valueQuantity"]}]}  # fmt: skip
    del panel["valueQuantity"]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": panel}]}
    assert found(mapped, bundle).cells["lactate"] == 3.1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "preliminary"}, "not final"), ({"status": "entered-in-error"}, "not final"),
        ({"effectiveDateTime": None}, "without a date"),
        ({"effectiveDateTime": "2026-11-20"}, "older than 2 days"),
        ({"effectiveDateTime": "2026-12-20"}, "of a day to come"),
    ],
)  # fmt: skip
def test_what_does_not_count_is_not_measured_and_said(
    mapped: str, change: dict[str, Any], said: str
) -> None:
    read = found(mapped, lactate(**change))
    assert read.cells["lactate"] is None
    assert "'lactate'" in read.notes[0]
    assert said in read.notes[0]


BAD: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "of this Patient": lambda p, o: o["subject"].update(reference="Patient/p2"),
    "not of this Patient": lambda p, o: o.pop("subject"),
    "in 'mg/dL', and the model reads 'mmol/L'": lambda p, o: o["valueQuantity"].update(
        code="mg/dL"
    ),
    "in ''": lambda p, o: o.update(valueQuantity={"value": 3.0}),
    "a bound": lambda p, o: o["valueQuantity"].update(comparator="<"),
    "in '', and the model": lambda p, o: o.update(valueQuantity=None, valueInteger=3),
    "does not read this": lambda p, o: o.update(
        valueQuantity=None, valueRatio={"numerator": {"value": 1}}
    ),
    "Nobody has said": lambda p, o: o.update(
        valueQuantity=None, valueCodeableConcept={"text": "high"}
    ),
    "goes on elsewhere": lambda p, o: o.update(
        resourceType="Bundle", link=[{"relation": "next", "url": "https://x.org/?page=2"}]
    ),
    "changes what it means": lambda p, o: o.update(modifierExtension=[{"url": "x"}]),
    "changes what it means .modifierExtension": lambda p, o: p.update(implicitRules="urn:x"),
    "no number": lambda p, o: o["valueQuantity"].update(value="3"),
    "means to the model": lambda p, o: p.update(gender="other"),
    "no whole date": lambda p, o: p.update(birthDate="1955"),
    "lies ahead": lambda p, o: p.update(birthDate="2055-01-01"),
    "no id": lambda p, o: p.pop("id"),
    "There is no Patient": lambda p, o: p.update(resourceType="Person"),
    "neither an Observation": lambda p, o: o.update(resourceType="Condition"),
}


@pytest.mark.parametrize("said", BAD)
def test_what_cannot_be_read_is_refused(mapped: str, said: str) -> None:
    patient, observation = copy.deepcopy(PATIENT), lactate()
    BAD[said](patient, observation)
    with pytest.raises(UserError, match=said):
        fhir.gathered(models.model(mapped), patient, [observation], TODAY)


def now(**more: Any) -> dict[str, Any]:
    return lactate(effectiveDateTime=datetime.now(UTC).isoformat(), **more)


def test_a_risk_assessment_says_what_the_app_says(system: System, mapped: str) -> None:
    sent = {"patient": PATIENT, "observations": [now()]}
    made = system.post(f"/v1/models/{mapped}/risk-assessment", sent)
    cells: dict[str, Cell] = {"age": fhir.gathered(
        models.model(mapped), PATIENT, [], datetime.now(UTC).date()).cells["age"],
        "sex": "f", "lactate": 2.5}  # fmt: skip
    same = patients.consult(mapped, cells)
    (risk,) = made["prediction"]
    assert made["resourceType"] == "RiskAssessment"
    assert made["subject"] == {"reference": "Patient/p1"}
    assert made["basis"] == [{"reference": "Observation/o2.5"}]
    ends = risk["probabilityRange"]
    assert ends["low"]["value"] == pytest.approx(100 * same.low[0], abs=0.01)
    assert ends["high"]["value"] == pytest.approx(100 * same.high[0], abs=0.01)
    point = risk["extension"][0]["valueQuantity"]
    assert point["value"] == pytest.approx(100 * same.value[0], abs=0.01)
    assert {one["code"] for one in (*ends.values(), point)} == {"%"}
    assert made["note"][0]["text"] == RESEARCH_ONLY
    assert "Roe" not in json.dumps(made)


def hook(**more: Any) -> dict[str, Any]:
    return {
        "hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://fhir.example.org", "context": {"userId": "Practitioner/x",
        "patientId": "p1"}, "prefetch": {"patient": PATIENT, "observations": now()},
    } | more  # fmt: skip


def test_a_card_tells_risk_interval_and_evaluation(
    system: System, mapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PMED_ADDRESS", "https://pmed.example.org/")
    settings.cache_clear()
    (service,) = system.get("/v1/cds-services")["services"]
    assert service["hook"] == "patient-view"
    assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    assert f"{LOINC}|2524-7" in service["prefetch"]["observations"]
    (card,) = system.post(f"/v1/cds-services/{mapped}", hook())["cards"]
    assert "Risk of" in card["summary"]
    assert len(card["summary"]) < 140
    assert card["indicator"] == "info"
    for told in ("%", "Interval:", "Evaluation:", "AUROC", RESEARCH_ONLY):
        assert told in card["detail"]
    (link,) = card["links"]
    assert link["url"] == f"https://pmed.example.org/patient?model={mapped}"


def test_a_card_says_why_there_is_no_number(system: System, mapped: str) -> None:
    odd = PATIENT | {"birthDate": "1700-01-01"}
    none = {"resourceType": "Bundle", "type": "searchset"}
    sent = hook(prefetch={"patient": odd, "observations": none})
    (card,) = system.post(f"/v1/cds-services/{mapped}", sent)["cards"]
    assert card["summary"] == "No risk is told"
    assert "Not measured: lactate." in card["detail"]
    bad = hook(prefetch={"patient": PATIENT | {"gender": "other"}, "observations": none})
    (card,) = system.post(f"/v1/cds-services/{mapped}", bad)["cards"]
    assert card["summary"] == "No risk is told"
    assert "sex" in card["detail"]


def test_the_patient_must_be_that_of_the_context(system: System, mapped: str) -> None:
    for prefetch in ({}, {"patient": None}, {"patient": PATIENT | {"id": "p2"}}):
        system.post(f"/v1/cds-services/{mapped}", hook(prefetch=prefetch), 412)
    system.post(f"/v1/cds-services/{mapped}", hook(hook="order-sign"), 400)


def test_observations_that_could_not_be_had_are_not_ones_without_a_value(
    system: System, mapped: str
) -> None:
    for prefetch in ({"patient": PATIENT}, {"patient": PATIENT, "observations": None}):
        system.post(f"/v1/cds-services/{mapped}", hook(prefetch=prefetch), 412)
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}
    (card,) = system.post(
        f"/v1/cds-services/{mapped}", hook(prefetch={"patient": PATIENT, "observations": failed})
    )["cards"]
    assert card["summary"] == "No risk is told"


def test_a_risk_assessment_says_what_was_not_measured(system: System, mapped: str) -> None:
    sent = {"patient": PATIENT, "observations": [lactate(effectiveDateTime="2020-01-01")]}
    made = system.post(f"/v1/models/{mapped}/risk-assessment", sent)
    notes = [one["text"] for one in made["note"]]
    assert "Not measured: lactate." in notes
    assert any("older than" in one for one in notes)
    assert made["basis"] == []


def test_the_newest_without_a_value_is_said_and_is_no_basis(mapped: str) -> None:
    empty = lactate(9.0, 0.5)
    del empty["valueQuantity"]
    read = found(mapped, lactate(2.5, 1), empty | {"dataAbsentReason": {"text": "clotted"}})
    assert (read.cells["lactate"], read.basis) == (None, {})
    assert read.notes == ("'lactate': the newest one has no value.",)


def test_of_the_same_moment_one_value_is_not_chosen(mapped: str) -> None:
    assert found(mapped, lactate(2.5, 1), lactate(2.5, 1)).cells["lactate"] == 2.5
    with pytest.raises(UserError, match="same moment"):
        found(mapped, lactate(2.5, 1), lactate(9.0, 1))


@pytest.mark.parametrize(
    ("variable", "source"),
    [
        ("age", {"patient": "age"}), ("lactate", {"code": "s|c", "unit": "mg/dL"}),
        ("lactate", {"code": "s|c"}),
    ],
)  # fmt: skip
def test_a_map_in_another_unit_than_the_model_is_refused(
    variable: str, source: dict[str, Any]
) -> None:
    read = Variable(variable, Kind.NUMBER, unit={"age": "months", "lactate": "mmol/L"}[variable])
    with pytest.raises(UserError, match="map of FHIR"):
        fhir._same_unit(read, fhir.Source(**source))


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("°C", "Cel"), ("10^9/L", "10*9/L"), ("K/uL", "10*3/uL"), ("mmHg", "mm[Hg]"), ("", "mg/dL"),
        ("mL/min/1.73m²", "mL/min/{1.73_m2}"), ("kg/m²", "kg/m2"), ("bpm", "/min"), ("U/L", "U/L"),
        ("bpm", "{beats}/min"), ("mg/dl", "mg/dL"), ("IU/L", "U/L"),
    ],
)  # fmt: skip
def test_a_unit_that_is_only_spelt_otherwise_is_the_same(unit: str, code: str) -> None:
    read = Variable("x", Kind.NUMBER, unit=unit)
    fhir._same_unit(read, fhir.Source(code="s|c", unit=code))


def test_codes_that_mean_different_things_are_refused(mapped: str) -> None:
    read = Variable("sex", Kind.CATEGORY, categories=("f", "m"))
    source = fhir.Source(code="s|c", values={"s|1": "f", "t|1": "f", "s|2": "m"})
    told = [{"system": "s", "code": "1"}, {"system": "t", "code": "1"}]
    assert fhir._value(read, source, {"valueCodeableConcept": {"coding": told}}) == "f"
    both = {"coding": [*told, {"system": "s", "code": "2"}]}
    with pytest.raises(UserError, match="different things"):
        fhir._value(read, source, {"valueCodeableConcept": both})


def test_a_model_nobody_has_mapped_is_not_offered(system: System, trained: Installation) -> None:
    assert system.get("/v1/cds-services")["services"] == []
    error = system.post(f"/v1/models/{trained.model}/risk-assessment", {"patient": PATIENT}, 422)
    assert "Nobody has said" in error["error"]["what"]


@pytest.mark.parametrize(
    "sources",
    [
        "not JSON", "[]", '{"x": 1}', json.dumps({"m": {"age": {}}}),
        json.dumps({"m": {"age": {"patient": "age", "code": "a|b"}}}),
        json.dumps({"m": {"age": {"code": "2524-7"}}}),
        '{"m": {"age": {"code": "a|b", "unit": "a", "unit": "mo"}}}',
        json.dumps({"m": {"age": {"patient": "age", "units": "a"}}}),
    ],
)  # fmt: skip
def test_a_map_that_is_wrong_is_refused(
    sources: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "map.json").write_text(sources)
    monkeypatch.setenv("PMED_FHIR_MAP", str(tmp_path / "map.json"))
    settings.cache_clear()
    with pytest.raises(UserError, match="map of FHIR"):
        fhir.mapped()


def test_a_map_that_names_other_inputs_is_refused(
    system: System, mapped: str, tmp_path: Path
) -> None:
    few = {name: one for name, one in SOURCES.items() if name != "lactate"}
    (tmp_path / "map.json").write_text(json.dumps({mapped: few}))
    error = system.post(f"/v1/models/{mapped}/risk-assessment", {"patient": PATIENT}, 422)["error"]
    assert "lactate" in error["remedy"]


PLACES = st.sampled_from(
    ["status", "code", "subject", "effectiveDateTime", "valueQuantity", "component", "id",
     "effectivePeriod", "valueCodeableConcept", "valueInteger", "resourceType"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["coding", "code", "value", "unit", "reference", "system",
                                       "resource", "entry", "end"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@given(changes=st.dictionaries(PLACES, ANYTHING, max_size=4), patient=ANYTHING, whole=ANYTHING)
@properties(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_is_read_or_refused(
    mapped: str, changes: dict[str, Any], patient: Any, whole: Any
) -> None:
    entry = models.model(mapped)
    for about, sent in ((PATIENT, lactate(**changes)), (PATIENT, whole), (patient, []),
                        (PATIENT | {"gender": patient, "birthDate": whole}, [])):  # fmt: skip
        with suppress(UserError):
            assert set(fhir.gathered(entry, about, sent, TODAY).cells) == set(SOURCES)
