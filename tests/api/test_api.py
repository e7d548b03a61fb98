"""Other systems get the app's own answers, and are refused in sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as properties
from hypothesis import strategies as st

from pmed_core.api.answers import predicted
from pmed_core.api.bounds import BODY_BYTES, Rate
from pmed_core.api.cards import card
from pmed_core.api.cells import cells_of
from pmed_core.api.fhir import Found, risk_assessment
from pmed_core.errors import UserError
from pmed_core.service import access, answers, cohorts, models, patients
from pmed_core.settings import RESEARCH_ONLY, settings
from pmed_core.shell.main import main
from pmed_core.work import Cell, Consultation
from tests.api.conftest import CELLS, System
from tests.figures.test_standing import several
from tests.service.made import Installation


def test_models_are_described(system: System, trained: Installation) -> None:
    (model,) = system.get("/v1/models")["models"]
    assert model == system.get(f"/v1/models/{trained.model}")["model"]
    assert [one["name"] for one in model["inputs"]] == ["age", "lactate", "sex"]
    assert model["inputs"][2]["categories"] == ["f", "m"]
    assert model["predicts"][0]["event"] == "died is yes"
    assert "AUROC" in model["evaluation"]


def test_a_prediction_is_that_of_the_app(system: System, trained: Installation) -> None:
    (found,) = system.predict(trained.model)["patients"]
    cells: dict[str, Cell] = dict(CELLS)
    same = patients.consult(trained.model, cells)
    (risk,) = found["predictions"]
    assert risk["value"] == pytest.approx(same.value[0], abs=1e-9)
    assert (risk["low"], risk["high"]) == pytest.approx((same.low[0], same.high[0]), abs=1e-9)
    assert 0 < risk["low"] <= risk["value"] <= risk["high"] < 1
    assert found["id"] == "mrn-1"
    assert found["not_measured"] == ["lactate"]
    assert not found["novel"]


def test_many_are_answered_in_their_order(system: System, trained: Installation) -> None:
    sent = [{"id": f"m{age}", "cells": CELLS | {"age": age}} for age in (80, 40, 60)]
    found = system.post(f"/v1/models/{trained.model}/predict", {"patients": sent})["patients"]
    assert [one["id"] for one in found] == ["m80", "m40", "m60"]
    risks = [one["predictions"][0]["value"] for one in found]
    assert risks[0] > risks[2] > risks[1]


def test_an_explanation_adds_up(system: System, trained: Installation) -> None:
    sent = {"patients": [{"id": "mrn-1", "cells": CELLS}]}
    (one,) = system.post(f"/v1/models/{trained.model}/explain", sent)["patients"]
    found = one["explanation"]
    total = found["base"] + sum(share["share"] for share in found["shares"])
    assert total == pytest.approx(found["prediction"], abs=1e-6)
    assert {share["input"] for share in found["shares"]} == {"age", "lactate", "sex"}
    assert found["scale"] == "log-odds"


def test_of_a_patient_unlike_all_no_number_is_told(system: System, trained: Installation) -> None:
    (found,) = system.predict(trained.model, age=4000.0)["patients"]
    assert found["novel"]
    assert found["predictions"] == []
    assert "age" in found["withheld"][0]


def test_no_patient_of_training_is_named(system: System, trained: Installation) -> None:
    cells: dict[str, Any] = cohorts.cells(trained.cohort, "P001")
    told = json.dumps(system.predict(trained.model, **cells))
    assert "P0" not in told
    assert "training" in told


@pytest.mark.parametrize(
    ("cells", "where", "what"),
    [
        ({"age": "71"}, "age", "no number"), ({"age": True}, "age", "no number"),
        ({"age": [71]}, "age", "no number"), ({"age": 10**400}, "age", "no number"),
        ({"sex": "x"}, "sex", "does not know"), ({"sex": 1}, "sex", "does not know"),
        ({"weight": 70}, "weight", "no such input"),
    ],
)  # fmt: skip
def test_what_the_model_cannot_read_is_refused_by_name(
    system: System, trained: Installation, cells: dict[str, Any], where: str, what: str
) -> None:
    error = system.predict(trained.model, 422, **cells)["error"]
    assert where in error["where"]
    assert "mrn-1" in error["where"]
    assert what in error["what"]


def test_an_input_that_is_absent_is_refused(system: System, trained: Installation) -> None:
    sent = {"patients": [{"id": "mrn-1", "cells": {"age": 71}}]}
    error = system.post(f"/v1/models/{trained.model}/predict", sent, 422)["error"]
    assert "'lactate', 'sex'" in error["where"]


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4,
    ),
    name=st.sampled_from(["age", "sex"]),
)  # fmt: skip
@properties(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cell_is_read_as_it_is_or_refused(trained: Installation, value: Any, name: str) -> None:
    entry = models.model(trained.model)
    try:
        found = cells_of(entry, CELLS | {name: value})[name]
    except UserError as error:
        found = value if name in error.where else "refused by another name"
    assert found == value or value != value


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        ({}, "patients"), ({"patients": []}, "patients"), ([], ""), ("text", ""),
        ({"patients": [{"id": "", "cells": {}}]}, "patients.0.id"),
        ({"patients": [{"id": "a", "cells": []}]}, "patients.0.cells"),
        ({"patients": [{"id": "a", "cells": {}, "more": 1}]}, "patients.0.more"),
        ({"patients": [{"id": "a", "cells": CELLS}] * 101}, "patients"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_and_not_repeated(
    system: System, trained: Installation, sent: Any, where: str
) -> None:
    error = system.post(f"/v1/models/{trained.model}/predict", sent, 422)["error"]
    assert error["where"] == where


def test_a_patients_values_are_not_repeated_in_errors(
    system: System, trained: Installation
) -> None:
    told = json.dumps(system.predict(trained.model, 422, age="Jane Roe"))
    assert "Jane" not in told


def test_models_that_are_not_here_are_not_found(system: System) -> None:
    for path in ("/v1/models/abc", "/v1/models/..%2Fkeys", "/v1/nothing", "/"):
        system.get(path, 404)
    system.post("/v1/models", {}, 405)


def test_without_a_key_nothing_is_told(system: System, trained: Installation) -> None:
    identity, good = access.api_keys().of("")[0].id, system.key
    for wrong in ("", "x", good[:-1], f"{good}x", f"pmed_{identity}_", good.replace("pmed", "PMED"),
                  f"pmed__{good.split('_', 2)[2]}"):  # fmt: skip
        system.key = wrong
        system.get("/v1/models", 401)
        system.predict(trained.model, 401)
        system.post("/v1/cds-services/x", {}, 401)
    answer = system.client.get("/v1/models", headers={"Authorization": f"Basic {good}"})
    assert answer.status_code == 401
    assert system.get("/health") == {"status": "ok", "notice": RESEARCH_ONLY}
    assert good.split("_", 2)[2] not in (settings().home / "accounts.sqlite").read_text("latin-1")


def test_a_key_that_was_revoked_opens_nothing(system: System) -> None:
    (key,) = access.api_keys().of("")
    access.api_keys().revoke(key.id)
    system.get("/v1/models", 401)
    with pytest.raises(UserError):
        access.api_keys().revoke(key.id)


def test_a_body_that_is_too_large_is_refused(system: System, trained: Installation) -> None:
    path = f"/v1/models/{trained.model}/predict"
    answer = system.client.post(path, content=b" " * (BODY_BYTES + 1), headers=system.headers)
    assert answer.status_code == 413
    assert RESEARCH_ONLY in answer.text
    parts = (b" " * 2**16 for _ in range(2**5))  # without a length
    assert system.client.post(path, content=parts, headers=system.headers).status_code == 413


def test_a_key_that_asks_too_often_waits(trained: Installation) -> None:
    rate = Rate(60)
    assert [rate.take("a", now=0.0) for _ in range(60)] == [0.0] * 60
    assert rate.take("a", now=0.0) == pytest.approx(1.0)
    assert rate.take("b", now=0.0) == 0
    assert rate.take("a", now=0.5) == pytest.approx(0.5)
    assert rate.take("a", now=1.0) == 0
    assert rate.take("a", now=1.0) > 0


def test_one_that_asks_too_often_is_told_when(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.client.app.state.rate = Rate(1)  # type: ignore[attr-defined]
    system.get("/v1/models")
    answer = system.client.get("/v1/models", headers=system.headers)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 61


def test_it_describes_itself(system: System) -> None:
    found = system.get("/v1/openapi.json")
    assert {"/v1/models/{model}/predict", "/v1/cds-services"} <= set(found["paths"])
    for gone in ("/docs", "/redoc"):  # they load scripts from elsewhere
        system.get(gone, 404)


def test_a_bug_tells_nothing_of_a_patient(
    system: System, trained: Installation, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def broken(*given: object) -> None:
        raise KeyError("Jane Roe")

    monkeypatch.setattr(answers, "predict", broken)
    told = system.client.post(
        f"/v1/models/{trained.model}/predict",
        json={"patients": [{"id": "Jane Roe", "cells": CELLS}]}, headers=system.headers,
    )  # fmt: skip
    assert told.status_code == 500
    logged = capsys.readouterr()
    assert "Jane" not in told.text + logged.out + logged.err
    assert "KeyError" in logged.err


def test_the_shell_keeps_keys(trained: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "make", "ward"], 0.0) == 0
    shown = capsys.readouterr().out.strip()
    identity = access.api_keys().recognise(shown)
    assert main(["key", "list"], 0.0) == 0
    assert f"{identity}\tward\tmade" in capsys.readouterr().out
    assert main(["key", "revoke", identity], 0.0) == 0
    assert main(["key", "revoke", identity], 0.0) == 2
    assert main(["key", "make", " "], 0.0) == 2


@pytest.mark.parametrize(
    ("age", "said"), [('71, "age": 30', "twice"), ('71, "\\ud800": 1', "half of a character")]
)
def test_what_a_body_says_twice_or_by_halves_is_refused(
    system: System, trained: Installation, age: str, said: str
) -> None:
    cells = f'{{"age": {age}, "lactate": null, "sex": "f"}}'
    body = f'{{"patients": [{{"id": "a", "cells": {cells}}}]}}'
    answer = system.client.post(
        f"/v1/models/{trained.model}/predict", content=body, headers=system.headers
    )
    assert answer.status_code == 400
    assert said in answer.json()["error"]["what"]


def test_readiness_and_counts_tell_nothing_of_patients_or_models(
    system: System, trained: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.predict(trained.model)
    system.predict(trained.model, 422, age="old")
    system.get("/v1/nothing/secret-name", 404)
    system.key = ""
    assert system.get("/ready")["status"] == "ready"
    answer = system.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if line[0] != "#")
    route = "/v1/models/{model}/predict"
    assert found["pmed_ready"] == "1"
    assert found['pmed_jobs{state="done"}'] == "1"
    assert found[f'pmed_requests_total{{route="{route}",status="200"}}'] == "1"
    assert found[f'pmed_requests_total{{route="{route}",status="422"}}'] == "1"
    assert found[f'pmed_request_seconds_count{{route="{route}"}}'] == "2"
    assert found[f'pmed_request_seconds_bucket{{route="{route}",le="+Inf"}}'] == "2"
    for word in (trained.model, "mrn-1", "secret", "ward system"):
        assert word not in answer.text
    monkeypatch.setattr("pmed_core.api.app.faults", lambda _: ("secret: The store is gone.",))
    assert system.get("/ready", 503) == {"status": "not ready", "notice": RESEARCH_ONLY}


def test_an_outcome_that_is_told_by_chance_is_withheld(trained: Installation) -> None:
    ours = models.model(trained.model)
    apart = several()
    entry = replace(ours, outcome=apart.outcome, evaluation=apart)
    found = Consultation(("sepsis", "falls"), (0.3, 0.1), (0.2, 0.05), (0.4, 0.2), "90 %", (), (),
                         (), (), ())  # fmt: skip
    said = predicted(entry, found)
    assert [one["label"] for one in said["predictions"]] == ["sepsis"]
    (why,) = said["withheld"]
    assert why.startswith("No number of falls is shown")
    told = card(entry, Found("p", {}), found, "")
    assert "falls is yes”: " not in told["detail"]
    (risk,) = risk_assessment(entry, Found("p", {}), found, datetime.now(UTC))["prediction"]
    assert risk["outcome"] == {"text": "sepsis is yes"}
