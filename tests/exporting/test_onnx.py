"""A model as ONNX says in onnxruntime what the program says, of every kind that can be kept."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from pmed_core import portable
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.exporting import AGREEMENT, as_onnx, run
from pmed_core.graph import Graph
from pmed_core.modalities import ALL, Tabular
from pmed_core.modalities.kinds import exporting as exporting_of
from pmed_core.modalities.tabular.exporting import cells
from pmed_core.modalities.tabular.onnx import cells as onnx_cells
from pmed_core.modalities.tabular.onnx.normal import normal_quantile
from pmed_core.options import FitOptions
from pmed_core.outcomes import Classes, Number, Outcome, Several, TimeToEvent, YesNo
from pmed_core.predictor import Predictor
from pmed_core.settings import RESEARCH_ONLY
from pmed_core.training.fit import fit
from pmed_core.variable import Kind, Role, Variable
from tests.epochs import Few

# NumPy of Keras variables, until Keras follows NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

WARDS = ("a", "b", "ç, d")
INPUTS = (
    Variable("age (years)", Kind.NUMBER, unit="years"),
    Variable("Größe", Kind.NUMBER),
    Variable("ward", Kind.CATEGORY, categories=WARDS),
    Variable("smoker", Kind.YES_NO, categories=("no", "yes")),
    Variable("seen", Kind.DATE),
)
OUTCOMES: dict[str, Outcome] = {
    "yes/no": YesNo("died", ("1",)),
    "classes": Classes("grade", ("x", "y", "z")),
    "several": Several((YesNo("died", ("1",)), YesNo("fell", ("1",)))),
    "number": Number("temperature"),
    "time to event": TimeToEvent("died", "months", ("1",)),
}
MADE = [
    *(("yes/no", network) for network in ("tabm", "mlp", "linear", "forest", "boosting", "svm")),
    ("classes", "tabm"), ("classes", "boosting"), ("classes", "svm"), ("several", "tabm"),
    ("several", "forest"),
    ("number", "tabm"), ("number", "forest"), ("number", "boosting"),
    ("time to event", "tabm"), ("time to event", "forest"), ("time to event", "boosting"),
]  # fmt: skip


def patients(rows: int = 120) -> pd.DataFrame:
    draw = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "age (years)": draw.normal(60, 10, rows).round(),
            "Größe": np.where(draw.random(rows) < 0.2, np.nan, draw.exponential(2, rows)),
            "ward": pd.array(
                draw.choice(np.array([*WARDS, None], dtype=object), rows), dtype="str"
            ),
            "smoker": pd.array(draw.choice(["no", "yes"], rows), dtype="str"),
            "seen": pd.Timestamp("2020-01-01") + pd.to_timedelta(draw.integers(0, 900, rows), "D"),
        }
    )
    risk = (table["age (years)"] - 60) / 10 + (table["ward"] == "a")
    event = draw.random(rows) < 1 / (1 + np.exp(-risk))
    return table.assign(
        died=pd.array(event.astype(int).astype(str), dtype="str"),
        fell=pd.array((draw.random(rows) < 0.4).astype(int).astype(str), dtype="str"),
        grade=pd.array(draw.choice(["x", "y", "z"], rows), dtype="str"),
        temperature=36.8 + 0.3 * risk + draw.normal(0, 0.2, rows),
        months=draw.exponential(10 * np.exp(-risk)),
    )


def cohort(outcome: Outcome) -> Cohort:
    others = tuple(
        Variable(name, kind, Role.OUTCOME, categories=values)
        for name, kind, values in (
            ("died", Kind.YES_NO, ("0", "1")), ("fell", Kind.YES_NO, ("0", "1")),
            ("grade", Kind.CATEGORY, ("x", "y", "z")), ("temperature", Kind.NUMBER, ()),
            ("months", Kind.NUMBER, ()),
        )
    )  # fmt: skip
    return Cohort("made", patients(), (*INPUTS, *others), outcome)


@cache
def model(kind: str, network: str) -> tuple[Predictor, bytes]:
    """A model and its file, of three epochs."""
    weighted = "class_weights" if kind == "classes" else "none"
    options = FitOptions.model_validate(
        {"network": {"name": network}, "folds": 2, "baselines": False, "imbalance": weighted}
    )
    found = fit(cohort(OUTCOMES[kind]), options, Few(3))
    return found, as_onnx(found, "ab" * 32)


def agree(kind: str, network: str, table: pd.DataFrame) -> None:
    found, data = model(kind, network)
    said = found.ensemble.predict(found.ensemble.as_cohort(table))
    told = run(data, cells(found.variables, table))
    np.testing.assert_allclose(np.stack(told[:-1], axis=1), said.value, rtol=0, atol=AGREEMENT)
    np.testing.assert_array_equal(told[-1], said.outside)


@pytest.mark.parametrize(("kind", "network"), MADE)
def test_onnxruntime_says_the_same_of_patients(kind: str, network: str) -> None:
    agree(kind, network, patients()[[variable.name for variable in INPUTS]])


@pytest.mark.parametrize(
    ("kinds", "network"),
    [
        ((Kind.NUMBER,), "tabm"), ((Kind.CATEGORY, Kind.YES_NO), "tabm"),
        ((Kind.CATEGORY,), "linear"), ((Kind.DATE,), "forest"),
    ],
)  # fmt: skip
def test_tables_of_one_kind_of_input_are_written(kinds: tuple[Kind, ...], network: str) -> None:
    whole = cohort(OUTCOMES["yes/no"])
    kept = tuple(v for v in whole.variables if v.role is Role.OUTCOME or v.kind in kinds)
    options = FitOptions.model_validate(
        {"network": {"name": network}, "folds": 2, "baselines": False}
    )
    found = fit(replace(whole, table=whole.table.dropna(), variables=kept), options, Few(2))
    table = whole.table[[v.name for v in found.variables]]
    said = found.ensemble.predict(found.ensemble.as_cohort(table))
    told = run(as_onnx(found, ""), cells(found.variables, table))
    np.testing.assert_allclose(told[0], said.value[:, 0], rtol=0, atol=AGREEMENT)
    np.testing.assert_array_equal(told[1], said.outside)


def test_numbers_far_from_nothing_are_told_apart() -> None:
    whole = cohort(OUTCOMES["number"])
    table = whole.table.assign(temperature=whole.table["temperature"] + 20_000)
    options = FitOptions.model_validate(
        {"network": {"name": "forest"}, "folds": 2, "baselines": False}
    )
    found = fit(replace(whole, table=table), options, Few(1))
    rows = table[[variable.name for variable in INPUTS]]
    said = found.ensemble.predict(found.ensemble.as_cohort(rows))
    told = run(as_onnx(found, ""), cells(found.variables, rows))
    np.testing.assert_allclose(told[0], said.value[:, 0], rtol=0, atol=1e-5)


def test_a_category_without_a_name_is_refused() -> None:
    found, _ = model("yes/no", "linear")
    variables = (*found.variables[:2], replace(INPUTS[2], categories=("", "a")))
    with pytest.raises(UserError, match="without a name"):
        onnx_cells.Cells.of(Graph(), variables, ())


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "age (years)": st.just(float("nan")) | st.floats(-1e4, 1e4),
            "Größe": st.just(float("nan")) | st.floats(0, 20),
            "ward": st.sampled_from([*WARDS, None, "unseen", "A", " a"]),
            "smoker": st.sampled_from(["no", "yes", None, "perhaps"]),
            "seen": st.sampled_from(
                [pd.NaT, pd.Timestamp("2020-03-01 12:30"), pd.Timestamp("1950-01-01")]
            ),
        }
    ),
    min_size=1,
    max_size=6,
)


def typed(rows: list[dict[str, Any]]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    for name in ("ward", "smoker"):
        table[name] = pd.array(table[name].tolist(), dtype="str")
    return table.assign(seen=pd.to_datetime(table["seen"]))


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, which=st.sampled_from(MADE))
def test_missing_cells_unseen_categories_and_odd_numbers_are_read_alike(
    rows: list[dict[str, Any]], which: tuple[str, str]
) -> None:
    agree(*which, typed(rows))


def test_cells_on_every_quantile_and_beside_it_are_read_alike() -> None:
    found, _ = model("yes/no", "tabm")
    knots = np.unique(found.ensemble.networks.preprocessing[0].quantiles[0])
    ages = np.concatenate([knots, np.nextafter(knots, -np.inf), np.nextafter(knots, np.inf)])
    table = pd.concat([patients(1)] * len(ages), ignore_index=True).assign(**{"age (years)": ages})
    agree("yes/no", "tabm", table[[variable.name for variable in INPUTS]])


def test_a_file_says_what_it_is() -> None:
    found, data = model("number", "tabm")
    written = onnx.load_from_string(data)
    onnx.checker.check_model(written)
    about = {one.key: one.value for one in written.metadata_props}
    assert about["notice"] == RESEARCH_ONLY
    assert RESEARCH_ONLY in written.doc_string
    assert about["package_sha256"] == "ab" * 32
    assert "not among the categories" in about["limits"]
    inputs = json.loads(about["inputs"])
    assert [one["name"] for one in inputs] == [variable.name for variable in INPUTS]
    assert inputs[0]["unit"] == "years"
    assert inputs[2]["categories"] == list(WARDS)
    assert [one.name for one in written.graph.output] == ["value", "outside"]
    assert found.outcome.described() == about["outcome"]


def test_a_file_holds_no_patient() -> None:
    _, data = model("yes/no", "linear")
    assert b"made" not in data
    written = onnx.load_from_string(data)
    assert {domain.domain for domain in written.opset_import} == {"", "ai.onnx.ml"}


def test_what_onnxruntime_does_not_repeat_is_not_handed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, _ = model("yes/no", "linear")
    monkeypatch.setattr(onnx_cells, "normal_quantile", lambda share: share)
    with pytest.raises(UserError, match="does not say what the model says"):
        as_onnx(found, "")


def test_an_input_called_as_an_output_is_refused() -> None:
    table = patients().rename(columns={"Größe": "outside"})
    named = tuple(
        Variable("outside", Kind.NUMBER) if one.name == "Größe" else one
        for one in cohort(OUTCOMES["yes/no"]).variables
    )
    options = FitOptions.model_validate(
        {"network": {"name": "linear"}, "folds": 2, "baselines": False}
    )
    found = fit(Cohort("made", table, named, OUTCOMES["yes/no"]), options, Few(2))
    with pytest.raises(UserError, match="another name"):
        as_onnx(found, "")


@pytest.mark.parametrize("kind", [one for one in ALL if not isinstance(one, Tabular)])
def test_a_kind_that_cannot_be_written_says_why(kind: Any) -> None:
    refused = portable.refused(kind)
    assert refused is not None
    assert "cannot be written as ONNX: " in refused.what
    with pytest.raises(UserError, match="cannot be written as ONNX"):
        exporting_of(kind).written(None)


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert portable.refused(Tabular()) is None
    monkeypatch.setattr(portable, "find_spec", lambda name: None)
    refused = portable.refused(Tabular())
    assert refused is not None
    assert "onnx, onnxruntime" in refused.what
    assert refused.remedy == "pip install -r requirements-export.txt"
    found, _ = model("yes/no", "linear")
    with pytest.raises(UserError, match="Not installed"):
        as_onnx(found, "")


def test_the_normal_quantile_is_that_of_scipy() -> None:
    shares = np.concatenate([np.linspace(1e-3, 0.999, 4001), [0.5, 0.075, 0.925]])
    graph = Graph()
    graph.answer("score", normal_quantile(graph.given("share", np.float64)), np.float64)
    (found,) = run(graph.as_bytes("quantile", "", {}), {"share": shares})
    np.testing.assert_allclose(found, ndtri(shares), rtol=1e-14, atol=1e-15)


def test_the_shell_writes_a_file_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from pmed_core.shell import main

    found, data = model("yes/no", "linear")
    found.save(tmp_path / "model")
    to = tmp_path / "model.onnx"
    assert main.main(["export", str(tmp_path / "model"), "--to", str(to)], 0.0) == 0
    assert RESEARCH_ONLY in capsys.readouterr().err
    table = patients()[[variable.name for variable in INPUTS]]
    first = [run(one, cells(found.variables, table))[0] for one in (data, to.read_bytes())]
    np.testing.assert_allclose(first[0], first[1], rtol=0, atol=1e-12)
    assert main.main(["export", str(tmp_path / "model"), "--to", "model.zip"], 0.0) == 2
    assert ".onnx" in capsys.readouterr().err
