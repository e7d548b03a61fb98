"""Treatment: chosen with the outcome, trained on, and one patient under each option."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pages.parts.outcome import with_outcome
from pmed_core.modalities.tabular.options import LinearOptions
from pmed_core.options import TreatmentOptions
from pmed_core.outcomes import Arms, Effect, Number, YesNo
from pmed_core.outcomes.effect.trial import Trial
from pmed_core.outcomes.time_to_event.by_horizon import ByHorizon
from pmed_core.service import cohorts, models, patients
from pmed_core.settings import RESEARCH_ONLY
from tests.pages.conftest import Open, installed, on_panel, trained_on

QUICK = TreatmentOptions(network=LinearOptions(), folds=2, cross_fitting=2, baselines=False)
TRIAL = Trial("Adults", "The first visit", "Two years")
OUTCOME = Effect(YesNo("died", ("yes",)), Arms("treatment", (), "drugs", trial=TRIAL))

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def table(rows: int = 400) -> pd.DataFrame:
    """Surgery saves; the old are sent there less often, and a few never."""
    draw = np.random.default_rng(0)
    age = draw.normal(70, 10, rows).round(1)
    surgery = draw.random(rows) < 1 / (1 + np.exp((age - 70) / 12))
    died = draw.random(rows) < 1 / (1 + np.exp(-(0.06 * (age - 70) - 1.2 * surgery)))
    return pd.DataFrame({
        "patient_id": [f"V{k:03d}" for k in range(rows)], "age": age,
        "sex": draw.choice(["f", "m"], rows), "treatment": np.where(surgery, "surgery", "drugs"),
        "died": np.where(died, "yes", "no"), "true effect": np.where(age > 70, -0.28, -0.22),
    })  # fmt: skip


def bring_in() -> str:
    return cohorts.bring_in("valve.csv", table().to_csv(index=False).encode())


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with installed(tmp_path_factory.mktemp("trained")) as home:
        first = bring_in()
        variables = with_outcome(cohorts.cohort(first).variables, OUTCOME)
        trained_on(cohorts.revise(first, variables, OUTCOME), "Valve", QUICK, 40)
    return home


@pytest.fixture
def trained(trained_home: Path, tmp_path: Path) -> str:
    """A copy of that installation for one test -> id of its model."""
    shutil.copytree(trained_home, tmp_path / "home", dirs_exist_ok=True)
    return models.models()[0].id


def texts(app: AppTest) -> str:
    shown = (*app.caption, *app.markdown, *app.info, *app.warning, *app.success)
    return " ".join(one.value.replace("\\", "") for one in shown)


def pick(app: AppTest, label: str, value: object) -> None:
    boxes = (*app.selectbox, *app.text_input, *app.radio, *app.pills)
    next(one for one in boxes if one.label == label).set_value(value).run()


def test_treatment_design_and_target_trial_are_chosen_with_the_outcome(opened: Open) -> None:
    cohort = bring_in()
    app = opened("cohorts", cohort=cohort)
    views = next(one for one in app.segmented_control if "Outcome" in one.options)
    views.set_value("Outcome").run()
    pick(app, "Outcome column", "died")
    pick(app, "Which values mean the event happened?", ["yes"])
    pick(app, "Compare treatments?", "treatment")
    save = next(b for b in app.button if b.label == "Save the outcome")
    assert save.disabled
    assert "Still to say: the reference, how patients came by their option and" in texts(app)
    pick(app, "Compared with (the reference)", "drugs")
    pick(app, "How did patients come by their option?", "By a clinician's choice (routine data)")
    assert "Taken as measured before the treatment: age, sex" in texts(app)
    for field, text in zip(("Eligibility", "Time zero", "Follow-up"), ("A", "B", "C"), strict=True):
        pick(app, field, text)
    assert not app.exception
    next(b for b in app.button if b.label == "Save the outcome").click().run()
    assert not app.exception
    (kept,) = [one for one in cohorts.cohorts() if one.outcome]
    assert isinstance(kept.outcome, Effect)
    assert kept.outcome.arms.options == ("drugs", "surgery")
    assert not kept.outcome.arms.randomised
    assert kept.outcome.arms.trial == Trial("A", "B", "C")
    assert kept.modality.name == "treatment"
    counted = {metric.label for metric in opened("cohorts", cohort=kept.id).metric}
    assert {"treatment: drugs", "treatment: surgery"} <= counted


def test_a_trial_is_asked_for_its_probabilities_and_nothing_need_be_compared(opened: Open) -> None:
    app = opened("cohorts", cohort=bring_in())
    views = next(one for one in app.segmented_control if "Outcome" in one.options)
    views.set_value("Outcome").run()
    pick(app, "Outcome column", "died")
    pick(app, "Which values mean the event happened?", ["yes"])
    assert not next(b for b in app.button if b.label == "Save the outcome").disabled
    pick(app, "Compare treatments?", "treatment")
    pick(app, "Compared with (the reference)", "drugs")
    pick(app, "How did patients come by their option?", "By chance (a randomised trial)")
    share = next(n for n in app.number_input if n.label.startswith("Probability of surgery"))
    assert share.value == 50
    share.set_value(25.0).run()
    for field in ("Eligibility", "Time zero", "Follow-up"):
        pick(app, field, "said")
    next(b for b in app.button if b.label == "Save the outcome").click().run()
    assert not app.exception
    (kept,) = [one.outcome for one in cohorts.cohorts() if one.outcome]
    assert isinstance(kept, Effect)
    assert kept.arms.probability == pytest.approx((0.75, 0.25))


def one_patient(opened: Open, model: str) -> tuple[AppTest, str]:
    """Of middle age, whom both options suit."""
    app = opened("treatment", model=model)
    box = next(b for b in app.selectbox if b.label == "Patient")
    ages = table().set_index("patient_id")["age"].loc[list(box.options)]
    who = str((ages - 70).abs().idxmin())
    box.set_value(who).run()
    assert not app.exception
    return app, who


def test_one_patient_is_told_what_each_option_would_do(opened: Open, trained: str) -> None:
    app, _ = one_patient(opened, trained)
    said = texts(app)
    assert "If the assumptions hold, of 100 patients like this one about" in said
    assert "would have the event with surgery than with drugs" in said
    assert "% given surgery" in said
    assert "Eligibility." in said
    assert "unmeasured confounding" in said
    assert "recommended" not in said
    options = next(t.value for t in app.dataframe if "Option" in t.value.columns)
    assert options["Option"].tolist() == ["with drugs", "with surgery", "surgery instead of drugs"]


def test_of_a_model_from_elsewhere_nobody_knows_whose_patients_it_has(trained: str) -> None:
    """It comes without a cohort, and its page must stand all the same."""
    elsewhere = replace(models.model(trained), cohort="")
    assert models.compared_beside(elsewhere) == ()


def test_the_truth_of_a_simulation_stands_beside_the_estimate(opened: Open, trained: str) -> None:
    app, who = one_patient(opened, trained)
    next(one for one in app.toggle if one.label == "Show the true effect").set_value(True).run()
    truth = patients.truth(models.model(trained).cohort, who)
    told = f"{100 * (truth or 0):+.1f} percentage points".replace("-", "−")
    assert f"true effect **{told}**: the interval" in texts(app)
    assert patients.truth(models.model(trained).cohort, "") is None


def test_similar_patients_are_of_each_option(opened: Open, trained: str) -> None:
    app, _ = one_patient(opened, trained)
    app = on_panel(app, "Similar patients")
    happened = next(t.value for t in app.dataframe if "What happened" in t.value.columns)
    assert sum(happened["What happened"].str.contains("surgery")) == 5
    assert sum(happened["What happened"].str.contains("drugs")) == 5


def test_before_any_effect_stand_trial_arms_overlap_and_balance(opened: Open, trained: str) -> None:
    app = opened("models", model=trained)
    (views,) = [one for one in app.segmented_control if "Before any effect" in one.options]
    app = views.set_value("Before any effect").run()
    assert not app.exception
    said = texts(app)
    for part in ("The first visit", "How likely surgery was", "fall out", "standard deviations"):
        assert part in said
    arms = next(t.value for t in app.dataframe if "Effective sample size" in t.value.columns)
    assert arms["Patients"].sum() == 400
    (views,) = [one for one in app.segmented_control if "Acting on it" in one.options]
    app = views.set_value("Acting on it").run()
    assert not app.exception
    said = texts(app)
    assert "If the assumptions hold: the mean outcome if every patient were given" in said
    assert any("95 % interval" in t.value.columns for t in app.dataframe)


def test_the_report_holds_the_options_on_a_condition(opened: Open, trained: str) -> None:
    _, who = one_patient(opened, trained)
    cells = cohorts.cells(models.model(trained).cohort, who)
    found = patients.consult(trained, cells, who)
    pages = PdfReader(io.BytesIO(patients.report(trained, cells, who, found, None))).pages
    assert len(pages) == 2
    text = " ".join(pages[1].extract_text().split())
    for part in (
        f"What each option would do: patient {who}", "If the assumptions hold, of 100 patients",
        "Effect of treatment on died is yes", "surgery:", "drugs:", "unmeasured confounding",
        "Eligibility: Adults", RESEARCH_ONLY,
    ):  # fmt: skip
        assert part in text
    assert "recommended" not in text


def timed() -> bytes:
    """The same patients with the time to death, and an injury that no option can cause."""
    draw = np.random.default_rng(4)
    frame = table().drop(columns="true effect")
    frame["months"] = np.where(frame["died"] == "yes", draw.uniform(1, 40, 400), 60).round(1)
    frame["injury"] = draw.choice(["no", "yes"], 400)
    return frame.to_csv(index=False).encode()


def test_options_are_compared_by_a_horizon_and_with_negative_controls(opened: Open) -> None:
    app = opened("cohorts", cohort=cohorts.bring_in("valve.csv", timed()))
    next(one for one in app.segmented_control if "Outcome" in one.options).set_value(
        "Outcome"
    ).run()
    pick(app, "Outcome column", "died")
    pick(app, "Which values mean the event happened?", ["yes"])
    pick(app, "Time to the event, or to when the patient was last seen", "months")
    pick(app, "Its unit", "months")
    pick(app, "Compare treatments?", "treatment")
    assert "Still to say: the time at which options are compared" in texts(app)
    next(n for n in app.number_input if n.label.startswith("Compared at")).set_value(24.0).run()
    way = next(one for one in app.segmented_control if "Risk by then" in one.options)
    way.set_value("Mean time until then").run()
    pick(app, "Compared with (the reference)", "drugs")
    pick(app, "How did patients come by their option?", "By a clinician's choice (routine data)")
    for field in ("Eligibility", "Time zero", "Follow-up"):
        pick(app, field, "said")
    app.multiselect[0].set_value(["injury"]).run()
    assert not app.exception
    next(b for b in app.button if b.label == "Save the outcome").click().run()
    assert not app.exception
    (kept,) = [one for one in cohorts.cohorts() if one.outcome]
    assert isinstance(kept.outcome, Effect)
    assert isinstance(kept.outcome.of, ByHorizon)
    assert (kept.outcome.of.horizon, kept.outcome.of.mean) == (24.0, True)
    assert kept.outcome.arms.controls == ("injury",)
    roles = {v.name: (v.role.value, v.reason) for v in kept.variables}
    assert roles["injury"] == ("ignore", "is a negative control")
    again = opened("cohorts", cohort=kept.id)
    next(one for one in again.segmented_control if "Outcome" in one.options).set_value(
        "Outcome"
    ).run()
    assert next(n for n in again.number_input if n.label.startswith("Compared at")).value == 24.0
    assert again.multiselect[0].value == ["injury"]


@pytest.mark.slow
def test_benefit_and_harm_stand_side_by_side(opened: Open, trained: str) -> None:
    entry = models.models()[0]
    assert models.compared_beside(entry) == ()
    outcome = Effect(YesNo("sex", ("f",)), OUTCOME.arms)
    variables = with_outcome(cohorts.cohort(entry.cohort).variables, outcome)
    assert {v.name: v.role.value for v in variables}["died"] == "ignore"
    trained_on(cohorts.revise(entry.cohort, variables, outcome), "Harm", QUICK, 40)
    assert [one.name for one in models.compared_beside(entry)] == ["Harm"]
    app, _ = one_patient(opened, trained)
    on_panel(app, "Several outcomes")
    assert not app.exception
    said = texts(app)
    assert "counts as much as 1 with “died is yes”" in said
    assert "recommended" not in said
    shown = next(t.value for t in app.dataframe if "Outcome" in t.value.columns)
    assert shown["Outcome"].tolist() == ["died is yes", "sex is f", "Together"]


def test_the_outcome_of_a_trial_can_be_looked_at_again(opened: Open) -> None:
    """A number, which is one also once its effect is what is predicted."""
    first = bring_in()
    outcome = Effect(Number("age"), OUTCOME.arms)
    variables = with_outcome(cohorts.cohort(first).variables, outcome)
    app = opened("cohorts", cohort=cohorts.revise(first, variables, outcome))
    views = next(one for one in app.segmented_control if "Outcome" in one.options)
    views.set_value("Outcome").run()
    assert next(one for one in app.selectbox if one.label == "Outcome column").value == "age"
    assert next(one for one in app.selectbox if "Compare" in one.label).value == "treatment"
