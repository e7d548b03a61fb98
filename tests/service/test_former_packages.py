"""A package of format 1, with the names of its time, opens and predicts as it did."""

from __future__ import annotations

import json
from typing import Any

from pmed_core.service import models, patients
from pmed_core.settings import settings
from pmed_core.work import Cell, Consultation
from tests.service.forged import Contents, opened, packed, resealed, with_json
from tests.service.made import Installation

PATIENT: dict[str, Cell] = {"age": 71.0, "lactate": 3.2, "sex": "f"}


def renamed(plain: dict[str, Any], today: str, before: str) -> None:
    plain[before] = plain.pop(today)


def flat(spec: dict[str, Any]) -> None:
    """As each modality wrote its own spec."""
    of_tables = spec.pop("ensemble")
    renamed(of_tables["architecture"], "packed", "bag")
    spec.pop("modality")
    spec.update(of_tables, format=1)


def of_format_1(contents: Contents) -> Contents:
    contents = with_json(contents, "spec.json", flat)
    contents = with_json(
        contents, "preprocessing.json", lambda p: renamed(p, "novelty", "familiarity")
    )
    contents = with_json(contents, "evaluation.json", lambda p: renamed(p, "baselines", "rivals"))
    contents = with_json(contents, "cases.json", lambda p: renamed(p, "value", "probability"))
    renamed(contents, "evaluation.json", "judgement.json")
    manifest = json.loads(contents["manifest.json"])
    return resealed(contents | {"manifest.json": json.dumps(manifest | {"format": 1}).encode()})


def said(identity: str) -> Consultation:
    return patients.consult(identity, PATIENT)


def test_a_package_of_format_1_is_the_same_model(trained: Installation) -> None:
    today = models.model(trained.model)
    before = of_format_1(opened(models.export(trained.model)))
    assert "evaluation.json" not in before
    identity = models.bring_in("before.zip", packed(before))
    assert identity != trained.model
    entry = models.model(identity)
    assert (entry.evaluation, entry.outcome) == (today.evaluation, today.outcome)
    assert said(identity).value == said(trained.model).value
    assert opened(models.export(identity)) == before


def test_an_evaluation_kept_before_names_its_baselines(trained: Installation) -> None:
    folder = settings().home / "models" / trained.model
    package = json.loads((folder / "package" / "evaluation.json").read_bytes())
    package["baselines"] = [
        {
            "name": "Ridge regression", "measures": package["measures"], "seconds": 1.0,
            "difference": package["measures"]["auroc"],
            "brier_difference": package["measures"]["brier"],
        }
    ]  # fmt: skip
    package["measures"]["outlined_in_vain"] = package["measures"]["brier"]
    renamed(package, "baselines", "rivals")
    (folder / "evaluations").mkdir()
    (folder / "evaluations" / "1-before.json").write_text(json.dumps(package))
    (kept,) = models.evaluations(trained.model)
    assert [one.name for one in kept.baselines] == ["Ridge regression"]
    assert kept.measures["false_positive_scans"] == kept.measures["brier"]
