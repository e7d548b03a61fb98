"""The routes of the prediction service, version 1."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from pmed_core.api import cards, fhir, metrics
from pmed_core.api.answers import described, explained, predicted, withheld
from pmed_core.api.bounds import Bounded, Rate, refusal
from pmed_core.api.cells import cells_of
from pmed_core.api.metrics import Timed
from pmed_core.engine.readiness import faults
from pmed_core.errors import Busy, Refused, UserError
from pmed_core.figures.standing import untold
from pmed_core.service import access, answers, models
from pmed_core.service.entries import ModelEntry
from pmed_core.settings import RESEARCH_ONLY, VERSION, settings

PREFIX = "/v1"
PATIENTS = 100
EXPLAINED = 10
AT_ONCE = 100
"""Calls that are worked on at the same time: more than one key may have waiting, so that whoever
asks much does not hold the threads of all."""
FHIR_JSON = "application/fhir+json"


class Strict(BaseModel):
    """What is sent: anything that is not named is refused."""

    model_config = ConfigDict(extra="forbid")


class Sent(Strict):
    """A patient: an id of the sender's own, which goes on record under a keyed name, and the cell
    of each input; null for what was not measured."""

    id: str = Field(min_length=1, max_length=200)
    cells: dict[str, Any]


class Patients(Strict):
    """Whom a model is asked about."""

    patients: list[Sent] = Field(min_length=1, max_length=PATIENTS)


class Explained(Strict):
    """Whom a model is asked about, and which of its labels; the first where none is named."""

    patients: list[Sent] = Field(min_length=1, max_length=EXPLAINED)
    label: str = ""


class Resources(Strict):
    """A Patient of FHIR R4, with Observations or Bundles of them."""

    patient: dict[str, Any]
    observations: list[dict[str, Any]] | dict[str, Any] = []


class Context(BaseModel):
    """Of the hook ``patient-view``."""

    patientId: str = Field(min_length=1, max_length=200)


class Hook(BaseModel):
    """A call of CDS Hooks 2.0; what is not named here is not read."""

    hook: str
    hookInstance: str
    context: Context
    prefetch: dict[str, Any] = {}


@asynccontextmanager
async def _roomy(app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = AT_ONCE
    yield


def made() -> FastAPI:
    """The service, ready to be served."""
    app = FastAPI(
        title="pmed prediction service", version=VERSION, description=RESEARCH_ONLY,
        openapi_url=f"{PREFIX}/openapi.json", docs_url=None, redoc_url=None, lifespan=_roomy,
    )  # fmt: skip
    app.add_middleware(Bounded)
    app.add_middleware(Timed)
    for error, handler in (
        (UserError, _user_error), (RequestValidationError, _not_understood),
        (HTTPException, _http), (Exception, _unexpected),
    ):  # fmt: skip
        app.add_exception_handler(error, handler)
    app.state.rate = Rate(settings().calls_a_minute)
    _watched(app)
    _asked(app)
    _hooks(app)
    return app


def _key(request: Request, authorization: Annotated[str, Header()] = "") -> str:
    """The id of the key that was shown; raises ``HTTPException`` where it does not hold, or asks
    too often."""
    kind, _, shown = authorization.partition(" ")
    try:
        found = access.api_keys().recognise(shown.strip() if kind.lower() == "bearer" else "")
    except Refused as error:
        raise HTTPException(401, error.what, {"WWW-Authenticate": "Bearer"}) from error
    rate: Rate = request.app.state.rate
    if wait := rate.take(found):
        said = f"This key may ask {rate.a_minute:,} times a minute"
        raise HTTPException(429, said, {"Retry-After": str(int(wait) + 1)})
    return found


Key = Annotated[str, Depends(_key)]


def _watched(app: FastAPI) -> None:
    """What a monitor asks, without a key."""

    @app.get("/health")
    async def health() -> JSONResponse:
        return told({"status": "ok"})

    @app.get("/ready", include_in_schema=False)
    def ready() -> JSONResponse:
        """What it is that fails is told on the server alone (``pmed ready``)."""
        failing = len(faults(settings()))
        answer = told({"status": "not ready" if failing else "ready"})
        answer.status_code = 503 if failing else 200
        return answer

    @app.get("/metrics", include_in_schema=False)
    def measured(request: Request) -> PlainTextResponse:
        return PlainTextResponse(metrics.told(request.state.metrics), media_type=metrics.TYPE)


def _asked(app: FastAPI) -> None:
    """What another system asks of models."""

    @app.get(f"{PREFIX}/models")
    def every(key: Key) -> JSONResponse:
        with access.calling(key):
            return told({"models": [described(one) for one in models.models()]})

    @app.get(f"{PREFIX}/models/{{model}}")
    def one(model: str, key: Key) -> JSONResponse:
        with access.calling(key):
            return told({"model": described(_model(model))})

    @app.post(f"{PREFIX}/models/{{model}}/predict")
    def predict(model: str, asked: Patients, key: Key) -> JSONResponse:
        with access.calling(key):
            entry = _model(model)
            read = [(one.id, _cells(entry, one)) for one in asked.patients]
            found = [
                {"id": who, **predicted(entry, answers.predict(model, cells, who))}
                for who, cells in read
            ]
            return told({"model": _named(entry), "patients": found})

    @app.post(f"{PREFIX}/models/{{model}}/explain")
    def explain(model: str, asked: Explained, key: Key) -> JSONResponse:
        with access.calling(key):
            entry = _model(model)
            label = _label(entry, asked.label)
            read = [(one.id, _cells(entry, one)) for one in asked.patients]
            found = [_explained(entry, label, who, cells) for who, cells in read]
            return told({"model": _named(entry), "patients": found})

    @app.post(f"{PREFIX}/models/{{model}}/risk-assessment")
    def risk_assessment(model: str, asked: Resources, key: Key) -> JSONResponse:
        with access.calling(key):
            entry, now = _model(model), datetime.now(UTC)
            found = fhir.gathered(entry, asked.patient, asked.observations, now.date())
            answer = answers.predict(model, found.cells, found.patient)
            made = fhir.risk_assessment(entry, found, answer, now)
            return JSONResponse(made, media_type=FHIR_JSON)


def _hooks(app: FastAPI) -> None:

    @app.get(f"{PREFIX}/cds-services")
    def discovery(key: Key) -> JSONResponse:
        with access.calling(key):
            known = fhir.mapped()
            offered = [one for one in models.models() if one.id in known]
            return told({"services": [cards.service(one, known[one.id]) for one in offered]})

    @app.post(f"{PREFIX}/cds-services/{{model}}")
    def hook(model: str, asked: Hook, key: Key) -> JSONResponse:
        with access.calling(key):
            entry = _model(model)
            if asked.hook != cards.HOOK:
                raise HTTPException(400, f"This service answers the hook {cards.HOOK} alone")
            return told({"cards": [_card(entry, asked)]})


def _card(entry: ModelEntry, asked: Hook) -> dict[str, Any]:
    patient = asked.prefetch.get("patient")
    if not isinstance(patient, dict) or patient.get("id") != asked.context.patientId:
        raise HTTPException(412, "The prefetch lacks the Patient of the context")
    observations = asked.prefetch.get("observations")
    if observations is None:
        # One that could not be had is not one in which nothing was measured.
        if any(one.code for one in fhir.mapped().get(entry.id, {}).values()):
            raise HTTPException(412, "The prefetch lacks the Observations")
        observations = []
    try:
        found = fhir.gathered(entry, patient, observations, datetime.now(UTC).date())
    except UserError as error:
        return cards.refused(entry, error)
    answer = answers.predict(entry.id, found.cells, found.patient)
    project = access.who().project if settings().hosted else None
    return cards.card(entry, found, answer, project.id if project else "")


def _model(identity: str) -> ModelEntry:
    if not identity.isalnum() or not models.exists(identity):
        raise HTTPException(404, "There is no such model")
    return models.model(identity)


def _named(entry: ModelEntry) -> dict[str, Any]:
    return {"id": entry.id, "name": entry.name}


def _cells(entry: ModelEntry, sent: Sent) -> Any:
    """Raises ``UserError`` that names the patient and the input."""
    try:
        return cells_of(entry, sent.cells)
    except UserError as error:
        raise UserError(error.what, f"{sent.id}, {error.where}", error.remedy) from error


def _label(entry: ModelEntry, label: str) -> str:
    labels = entry.outcome.labels
    if label and label not in labels:
        raise UserError(
            "The model does not predict this", "label", f"It predicts: {', '.join(labels)}."
        )
    return label or labels[0]


def _explained(entry: ModelEntry, label: str, who: str, cells: Any) -> dict[str, Any]:
    """What moved the model, unless no number is told: then there is nothing to explain."""
    answer = answers.predict(entry.id, cells, who)
    found = {"id": who, **predicted(entry, answer)}
    if withheld(entry, answer) or label in untold(entry.evaluation):
        return found | {"explanation": None}
    return found | {"explanation": explained(answers.explain(entry.id, cells, label, who))}


def told(found: dict[str, Any]) -> JSONResponse:
    """An answer, with what it must not be taken for."""
    return JSONResponse(found | {"notice": RESEARCH_ONLY})


async def _user_error(request: Request, error: Any) -> JSONResponse:
    status = 503 if isinstance(error, Busy) else 403 if isinstance(error, Refused) else 422
    said = error.on_screen()
    return refusal(status, said.what, said.where, said.remedy)


async def _not_understood(request: Request, error: Any) -> JSONResponse:
    """What was sent is not told again: it may be of a patient."""
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"][1:])
    return refusal(422, str(first["msg"]), where, f"See {PREFIX}/openapi.json.")


async def _http(request: Request, error: Any) -> JSONResponse:
    answer = refusal(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """A bug: where it happened goes to the log, and nothing that could be a patient's."""
    frames = traceback.extract_tb(error.__traceback__)
    told = "".join(f"  {one.filename}:{one.lineno} {one.name}\n" for one in frames)
    sys.stderr.write(f"{type(error).__name__}\n{told}")
    return refusal(500, "Something went wrong inside the program", "", "Tell the developers.")
