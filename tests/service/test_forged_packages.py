"""A package that somebody changed, sums and all, is refused or harms nobody."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from pmed_core.errors import UserError
from pmed_core.service import damaged, models
from tests.service.forged import (
    Contents,
    opened,
    packed,
    resealed,
    with_bytes,
    with_json,
    with_weights,
)
from tests.service.made import Installation

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

DEEP = b"[" * 50_000 + b"]" * 50_000


def no_cases(plain: Any) -> None:
    plain["rows"] = {name: [] for name in plain["rows"]}
    plain["value"] = []


def fewer_cases(plain: Any) -> None:
    plain["rows"] = {name: cells[:1] for name, cells in plain["rows"].items()}
    plain["value"] = plain["value"][:1]


def one_for_all(plain: Any) -> None:
    plain["value"] = plain["value"][0]


def not_numbers(plain: Any) -> None:
    plain["value"][3] = [float("nan")]


def put(**values: Any) -> Any:
    return lambda plain: plain.update(values)


FORGED = {
    "cases emptied": lambda c: with_json(c, "cases.json", no_cases),
    "one case": lambda c: with_json(c, "cases.json", fewer_cases),
    "one prediction for all": lambda c: with_json(c, "cases.json", one_for_all),
    "NaN cases": lambda c: with_json(c, "cases.json", not_numbers),
    "other weights": lambda c: with_weights(c, lambda w: w * 1.5),
    "other weights, cases emptied": lambda c: with_weights(
        with_json(c, "cases.json", no_cases), lambda w: w * 1.5
    ),
    "float64 weights": lambda c: with_weights(c, lambda w: w.astype(np.float64)),
    "half weights": lambda c: with_weights(c, lambda w: w.astype(np.float16)),
    "infinite weights": lambda c: with_weights(c, lambda w: w * np.float32(np.inf)),
    "NaN threshold": lambda c: with_json(c, "spec.json", put(threshold=float("nan"))),
    "threshold 7": lambda c: with_json(c, "spec.json", put(threshold=7)),
    "name of 2 MB": lambda c: with_json(c, "spec.json", put(name="x" * 2_000_000)),
    "card is a list": lambda c: with_bytes(c, "card.json", b"[1]"),
    "rows are text": lambda c: with_json(c, "card.json", put(rows="x")),
    "rows below zero": lambda c: with_json(c, "card.json", put(rows=-1)),
    "rows are null": lambda c: with_json(c, "card.json", put(rows=None, events=None)),
    "seconds NaN": lambda c: with_json(c, "card.json", put(seconds=float("nan"))),
    "events are text": lambda c: with_json(c, "card.json", put(events=["many"])),
    "layout is a list": lambda c: with_json(c, "card.json", put(layout=[1])),
    "card of 5 MB": lambda c: with_json(c, "card.json", put(strange="x" * 5_000_000)),
    "evaluated at a threshold of 7": lambda c: with_json(c, "evaluation.json", put(threshold=7)),
    "larger than its weights": lambda c: with_json(
        c,
        "spec.json",
        lambda plain: plain["ensemble"]["architecture"].update(network="tabm", width=4_096),
    ),
    "a variable twice": lambda c: with_json(
        c, "spec.json", lambda plain: plain["variables"].append(plain["variables"][0])
    ),
    "a curve of two lengths": lambda c: with_json(
        c, "evaluation.json", lambda plain: plain["curves"]["yes"]["roc"]["x"].append(1.0)
    ),
    "a bin too many": lambda c: with_json(
        c, "evaluation.json", lambda plain: plain["curves"]["yes"]["with_event"].append(1)
    ),
    "evaluation below zero": lambda c: with_json(c, "evaluation.json", put(n=-3)),
    "deep card": lambda c: with_bytes(c, "card.json", DEEP),
    "deep spec": lambda c: with_bytes(c, "spec.json", DEEP),
    "deep cases": lambda c: with_bytes(c, "cases.json", DEEP),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_package_is_refused_in_one_sentence(trained: Installation, kind: str) -> None:
    forged: Contents = FORGED[kind](opened(models.export(trained.model)))
    with pytest.raises(UserError) as raised:
        models.bring_in("forged.zip", packed(forged))
    assert raised.value.where == "forged.zip"
    assert "wrong inside" not in raised.value.what
    assert [one.id for one in models.models()] == [trained.model]
    assert damaged.damaged("model") == ()


def test_fields_of_another_version_are_no_harm(trained: Installation) -> None:
    contents = with_json(
        opened(models.export(trained.model)), "card.json", put(fields_to_come={"deep": [None]})
    )
    found = models.model(models.bring_in("newer.zip", packed(contents)))
    assert found.rows == 120
    assert json.loads(json.dumps(found.card))["fields_to_come"] == {"deep": [None]}
    assert models.card(found.id)


def test_sums_alone_make_no_model(trained: Installation) -> None:
    contents = resealed(opened(models.export(trained.model)))
    assert models.bring_in("same.zip", packed(contents))
