"""A patient in FHIR R4: where each input of a model stands, and an answer as RiskAssessment.

``PMED_FHIR_MAP`` names a JSON file: model id -> input -> where it stands. An observation counts
only of this very patient, in the unit that is named, if it is final and not too old; what does not
count is not measured, and is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from pmed_core.api import cells as read
from pmed_core.api.answers import silent, told, withheld
from pmed_core.api.bounds import each_once
from pmed_core.errors import UserError
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY, settings
from pmed_core.units import is_unit, same_unit
from pmed_core.variable import Variable
from pmed_core.work import Cell, Consultation

UCUM = "http://unitsofmeasure.org"
POINT = "urn:pmed:probability"
FINAL = ("final", "amended", "corrected")
MAP = ("The map of FHIR cannot be used", "PMED_FHIR_MAP")
SPELT = {
    "cel": "°c", "[degf]": "°f", "mm[hg]": "mmhg", "cm[h2o]": "cmh2o", "[in_i]": "in",
    "[lb_av]": "lb", "/min": "bpm", "u/l": "iu/l", "[iu]/l": "iu/l", "[ph]": "ph",
    "109/l": "103/µl", "k/µl": "103/µl", "1012/l": "106/µl", "m/µl": "106/µl", "µg/l": "ng/ml",
}  # fmt: skip
"""Units that are one, as UCUM and as files spell them."""
LONGEST = 80
VALUES = ("valueQuantity", "valueInteger", "valueCodeableConcept", "valueBoolean", "valueString")
"""What is read of an Observation."""


class Source(BaseModel):
    """Where one input stands.

    Attributes:
        patient: of the Patient: age in years, or gender; else ``code`` of an Observation.
        code: "system|code".
        unit: the code of the quantity's unit (UCUM) that the model reads.
        values: what is sent ("male", "true", "system|code") -> what the model knows.
        days: how old it may be.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    patient: Literal["age", "gender", ""] = ""
    code: str = Field(default="", pattern=r"^(\S+\|\S+)?$")
    unit: str = ""
    values: dict[str, str] = {}
    days: int = Field(default=30, ge=0)

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if bool(self.patient) == bool(self.code):
            raise ValueError("name either patient or code")
        return self


Map = dict[str, dict[str, Source]]


@dataclass(frozen=True)
class Found:
    """A patient as a model reads one.

    Attributes:
        cells: by input.
        basis: references to the observations that were read, by input.
        notes: what was there and does not count, and why.
    """

    patient: str
    cells: dict[str, Cell]
    basis: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[str, ...]:
        """What was not measured, and the notes."""
        absent = [name for name, value in self.cells.items() if value is None]
        return (*([f"Not measured: {', '.join(absent)}."] if absent else []), *self.notes)


def mapped() -> Map:
    """Which models can be asked in FHIR, and how; raises ``UserError`` for a bad file."""
    path = settings().fhir_map
    if path is None:
        return {}
    try:
        return _mapped(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        first = error.errors(include_input=False)[0] if isinstance(error, ValidationError) else None
        where = ", ".join(map(str, first["loc"])) if first else str(path.name)
        raise UserError(*MAP, f"Correct it ({where}).") from error


@lru_cache(maxsize=4)
def _mapped(path: Path, written: int) -> Map:
    told = json.loads(path.read_bytes(), object_pairs_hook=each_once)
    return TypeAdapter(Map).validate_python(told)


def map_of(entry: ModelEntry) -> dict[str, Source]:
    """That of a model, which names each of its inputs; raises ``UserError``."""
    found, names = mapped().get(entry.id), [one.name for one in read.inputs_of(entry)]
    if found is None:
        raise UserError(
            "Nobody has said where in FHIR the inputs of this model stand", entry.name,
            "Add it to the file that PMED_FHIR_MAP names.",
        )  # fmt: skip
    if sorted(found) != sorted(names):
        wrong = sorted({*found} ^ {*names})
        raise UserError(*MAP, f"It names other inputs than the model has: {', '.join(wrong)}.")
    for variable in read.inputs_of(entry):
        _same_unit(variable, found[variable.name])
    return found


def _same_unit(variable: Variable, source: Source) -> None:
    """Raise ``UserError`` where what is read is in another unit than what the model learnt from."""
    told = "a" if source.patient == "age" else source.unit
    both = told, variable.unit
    if source.code and variable.unit and not told:
        what = f"It names no unit of '{variable.name}', which is in '{variable.unit}'."
        raise UserError(*MAP, what)
    if "{" in told or not all(map(is_unit, both)):
        return  # the file named none, or none that can be compared
    keys = [same_unit(unit).replace("/ul", "/µl") for unit in both]
    one, other = (SPELT.get(key, key) for key in keys)
    if one != other:
        what = f"It reads '{variable.name}' in '{told}', and the model in '{variable.unit}'."
        raise UserError(*MAP, what)


def gathered(entry: ModelEntry, patient: Any, resources: Any, today: date) -> Found:
    """A Patient and Observations, or Bundles of them -> what the model reads.

    Raises ``UserError`` where they are not of one patient, or a value cannot be read.
    """
    if not isinstance(patient, Mapping) or patient.get("resourceType") != "Patient":
        raise UserError("There is no Patient", "patient", "Send a Patient resource of FHIR R4.")
    identity = patient.get("id")
    if not isinstance(identity, str) or not identity:
        raise UserError("The Patient has no id", "patient", "Send it with its id.")
    _plain(patient, "patient")
    observations = [_of(identity, one) for one in _observations(resources)]
    variables = {one.name: one for one in read.inputs_of(entry)}
    cells: dict[str, Cell] = {}
    basis: dict[str, str] = {}
    notes: list[str] = []
    for name, source in map_of(entry).items():
        if source.patient:
            cells[name] = _of_patient(variables[name], source, patient, today)
            continue
        cells[name], reference, said = _newest(variables[name], source, observations, today)
        basis |= {name: reference} if reference else {}
        notes += said
    return Found(identity, cells, basis, tuple(notes))


def _observations(resources: Any) -> Iterator[Mapping[str, Any]]:
    for one in resources if isinstance(resources, list) else [resources]:
        kind = one.get("resourceType") if isinstance(one, Mapping) else None
        if kind == "Observation":
            yield _plain(one, "observations")
        elif kind == "Bundle" and isinstance(entries := one.get("entry", []), list):
            if any(link.get("relation") == "next" for link in _parts(one.get("link"))):
                raise UserError(
                    "The Bundle goes on elsewhere", "observations", "Send all of its pages."
                )
            yield from _observations([held.get("resource") for held in _objects(entries)])
        elif kind != "OperationOutcome" or _failed(one):
            raise UserError(
                "This is neither an Observation nor a Bundle of them", "observations",
                "Send resources of FHIR R4.",
            )  # fmt: skip


def _objects(entries: list[Any]) -> list[Mapping[str, Any]]:
    """Of which one that is none holds no resource, and is refused as such."""
    return [one if isinstance(one, Mapping) else {} for one in entries]


def _failed(outcome: Mapping[str, Any]) -> bool:
    """Whether it stands for observations that could not be had."""
    issues = _parts(outcome.get("issue"))
    return any(one.get("severity") not in ("information", "warning") for one in issues)


def _plain(resource: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Raise ``UserError`` for one whose sense is changed by what is not read here (R4 2.1.0.1)."""
    parts = (resource, *_parts(resource.get("component")))
    if resource.get("implicitRules") or any(one.get("modifierExtension") for one in parts):
        raise UserError(
            "This says something that changes what it means (modifierExtension, implicitRules)",
            where, "Send it without, or leave it out.",
        )  # fmt: skip
    return resource


def _of(identity: str, observation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of this patient; raises ``UserError`` where it is another's, or nobody's."""
    subject = observation.get("subject")
    reference = subject.get("reference") if isinstance(subject, Mapping) else None
    if not isinstance(reference, str) or reference.split("/")[-2:] != ["Patient", identity]:
        raise UserError(
            "An Observation is not of this Patient", "subject",
            "Send those of one patient, each with its subject.",
        )  # fmt: skip
    return observation


def _of_patient(
    variable: Variable, source: Source, patient: Mapping[str, Any], today: date
) -> Cell:
    if source.patient == "gender":
        gender = patient.get("gender")
        return None if gender is None else _translated(variable, source, str(gender))
    born = patient.get("birthDate")
    if born is None:
        return None
    try:
        day = date.fromisoformat(born)
    except (ValueError, TypeError) as error:
        raise UserError(
            "The birthDate is no whole date", variable.name, "Send year, month and day."
        ) from error
    if day > today:
        raise UserError("The birthDate lies ahead", variable.name, "Correct it.")
    return float(today.year - day.year - ((today.month, today.day) < (day.month, day.day)))


def _newest(
    variable: Variable, source: Source, observations: Sequence[Mapping[str, Any]], today: date
) -> tuple[Cell, str, list[str]]:
    """(cell, reference, notes) of the newest observation that counts."""
    notes: list[str] = []
    dated = []
    for one, part in _coded(source.code, observations):
        when = _when(one)
        if one.get("status") not in FINAL:
            notes.append(f"'{variable.name}': one that is not final does not count.")
        elif when is None:
            notes.append(f"'{variable.name}': one without a date does not count.")
        elif when.date() > today + timedelta(1):
            notes.append(f"'{variable.name}': one of a day to come does not count.")
        elif (today - when.date()).days > source.days:
            notes.append(f"'{variable.name}': one older than {source.days} days does not count.")
        else:
            dated.append((when, one, part))
    if not dated:
        return None, "", list(dict.fromkeys(notes))
    last = max(when for when, _, _ in dated)
    newest = [(one, _value(variable, source, part)) for when, one, part in dated if when == last]
    told = [(one, cell) for one, cell in newest if cell is not None]
    if not told:
        notes.append(f"'{variable.name}': the newest one has no value.")
        return None, "", list(dict.fromkeys(notes))
    one, cell = told[0]
    if any(other != cell for _, other in told):
        raise UserError(
            "Observations of the same moment say different things", variable.name,
            "Send the one that counts.",
        )  # fmt: skip
    return cell, f"Observation/{one.get('id', '')}", list(dict.fromkeys(notes))


def _coded(
    code: str, observations: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each with that code, or the one of its components that has it."""
    for one in observations:
        for part in (one, *_parts(one.get("component"))):
            if code in _codes(part.get("code")):
                yield one, part


def _codes(concept: Any) -> list[str]:
    codings = concept.get("coding") if isinstance(concept, Mapping) else None
    return [f"{one.get('system')}|{one.get('code')}" for one in _parts(codings)]


def _parts(found: Any) -> list[Mapping[str, Any]]:
    """Those of a list that are objects; of anything else nothing."""
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _when(observation: Mapping[str, Any]) -> datetime | None:
    period = observation.get("effectivePeriod")
    told = observation.get("effectiveDateTime") or observation.get("effectiveInstant")
    told = told or (period.get("end") if isinstance(period, Mapping) else None)
    try:
        found = datetime.fromisoformat(str(told))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _value(variable: Variable, source: Source, part: Mapping[str, Any]) -> Cell:
    """None where there is none (``dataAbsentReason``); raises ``UserError``."""
    given = [name for name in part if name.startswith("value") and part[name] is not None]
    if not given:
        return None
    if len(given) > 1 or given[0] not in VALUES:
        raise UserError(
            f"The service does not read this ({', '.join(given)[:LONGEST]})", variable.name,
            f"Send one of: {', '.join(VALUES)}.",
        )  # fmt: skip
    value = part[given[0]]
    if given[0] in ("valueQuantity", "valueInteger"):
        whole = value if isinstance(value, Mapping) else {"value": value}
        return _amount(variable, source, whole)
    told = _codes(value) if given[0] == "valueCodeableConcept" else [str(value)]
    if isinstance(value, bool):
        told = [str(value).lower()]
    known = {source.values[one] for one in told if one in source.values}
    if len(known) > 1:
        raise UserError(
            "The codes of this value mean different things to the model", variable.name,
            "Send the one that counts.",
        )  # fmt: skip
    return _translated(variable, source, next((one for one in told if one in source.values), ""))


def _amount(variable: Variable, source: Source, quantity: Mapping[str, Any]) -> Cell:
    unit = quantity.get("code") or quantity.get("unit") or ""
    if unit != source.unit:
        raise UserError(
            f"This is in '{unit}', and the model reads '{source.unit}'", variable.name,
            "Send it in that unit.",
        )  # fmt: skip
    if quantity.get("comparator"):
        raise UserError(
            f"This is a bound ({quantity['comparator']}), not a value", variable.name,
            "Send a value, or leave it out.",
        )  # fmt: skip
    return read.cell(variable, quantity.get("value"))


def _translated(variable: Variable, source: Source, told: str) -> Cell:
    if told not in source.values:
        raise UserError(
            "Nobody has said what this value means to the model", variable.name,
            "Add it to the file that PMED_FHIR_MAP names, or leave the value out.",
        )  # fmt: skip
    return read.cell(variable, source.values[told])


def risk_assessment(
    entry: ModelEntry, found: Found, answer: Consultation, now: datetime
) -> dict[str, Any]:
    """What was said, as a RiskAssessment (R4), whose notes say what it is.

    The interval is ``probabilityRange`` in per cent, which names its unit; ``probabilityDecimal``
    names none. Raises ``UserError`` where the model tells no risk.
    """
    if any(one.kind != "probability" for one in entry.outcome.quantities):
        raise UserError("This model tells no risk", entry.name, "Ask for a prediction instead.")
    why = withheld(entry, answer)
    said = (*answer.about, *answer.unseen, *found.said)
    notes = (RESEARCH_ONLY, *(why or silent(entry)), *said, f"Interval: {answer.interval}.")
    return {
        "resourceType": "RiskAssessment",
        "status": "preliminary",
        "subject": {"reference": f"Patient/{found.patient}"},
        "occurrenceDateTime": now.isoformat(timespec="seconds"),
        "method": {"text": f"{entry.name} (pmed model {entry.id})"},
        "basis": [{"reference": one} for one in dict.fromkeys(found.basis.values())],
        "prediction": [] if why else [_risk(entry, answer, k) for k in told(entry, answer)],
        "note": [{"text": one} for one in notes],
    }


def _risk(entry: ModelEntry, answer: Consultation, k: int) -> dict[str, Any]:
    quantity, label = entry.outcome.quantities[k], answer.labels[k]
    ends = {"low": answer.low[k], "high": answer.high[k]}
    return {
        "extension": [{"url": POINT, "valueQuantity": _percent(answer.value[k])}],
        "outcome": {"text": entry.outcome.event(label)},
        "probabilityRange": {name: _percent(end) for name, end in ends.items()},
        "rationale": f"{quantity.said(answer.value[k])} "
        f"({quantity.span(answer.low[k], answer.high[k])})",
    }


def _percent(share: float) -> dict[str, Any]:
    return {"value": round(100 * share, 2), "unit": "%", "system": UCUM, "code": "%"}
