"""Train, evaluate, explain, open a patient: on a model that is trained once."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader
from streamlit.testing.v1 import AppTest

from pmed_core.errors import UserError
from pmed_core.figures import wording
from pmed_core.limits import Limit, Limits
from pmed_core.options import FitOptions
from pmed_core.service import cohorts, models, patients, training
from pmed_core.service.hub import hub
from pmed_core.settings import RESEARCH_ONLY
from tests.pages.conftest import Open, on_panel, table

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
"""Training runs inside the test's process here, and Keras warns about itself."""


def show(app: AppTest, view: str) -> AppTest:
    app.segmented_control[0].set_value(view)
    return app.run()


def test_a_run_that_is_over_leads_to_its_evaluation(opened: Open, trained: str) -> None:
    app = opened("train", run=training.jobs()[0].id)
    assert "is trained" in app.success[0].value
    assert "A \\*" in app.success[0].value
    next(b for b in app.button if b.label == "See performance").click().run()
    assert app.title[0].value == "Models"
    assert app.query_params["model"] == trained


def test_training_starts_once_from_the_form_and_stands_in_the_address(
    opened: Open, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str, FitOptions, str]] = []

    def train(cohort: str, name: str, options: FitOptions, start: str) -> str:
        asked.append((cohort, name, options, start))
        return training.jobs()[0].id

    monkeypatch.setattr(training, "train", train)
    app = opened("train")
    next(w for w in app.number_input if w.label == "Folds").set_value(5).run()
    app.text_input[-1].set_value("Second")
    next(b for b in app.button if b.label == "Start training").click().run()
    assert not app.error
    assert asked == [(cohorts.cohorts()[0].id, "Second", FitOptions(folds=5), "")]
    assert app.query_params["run"] == training.jobs()[0].id


def test_the_evaluation_shows_measures_with_intervals_and_the_threshold(
    opened: Open, trained: str
) -> None:
    app = opened("models")
    assert not app.error
    auroc = next(metric for metric in app.metric if metric.label == "AUROC")
    assert " to " in auroc.delta
    labels = {metric.label for metric in app.metric}
    assert {"Alerts per 100 patients", "Missed events", "Net benefit"} <= labels
    before = [metric.value for metric in app.metric]
    app.select_slider[0].set_value(models.model(trained).evaluation.thresholds[0].value).run()
    assert not app.error
    assert [metric.value for metric in app.metric] != before


@pytest.mark.parametrize("curve", ["Precision and recall", "Calibration", "Probabilities"])
def test_every_curve_is_drawn(curve: str, opened: Open, trained: str) -> None:
    app = opened("models")
    app.segmented_control[1].set_value(curve).run()
    assert not app.error


def test_every_view_of_a_model_is_drawn(opened: Open, trained: str) -> None:
    app = opened("models")
    for view in ("Importance", "Held-out file", "Compare", "Manage"):
        show(app, view)
        assert not app.error, view


def test_a_held_out_file_is_evaluated_and_kept(opened: Open, trained: str) -> None:
    app = show(opened("models"), "Held-out file")
    app.file_uploader[0].upload("later.csv", table(90), "text/csv")
    next(b for b in app.button if b.label == "Evaluate on this file").click().run()
    assert not app.error
    show(app, "Performance")
    box = next(box for box in app.selectbox if box.label == "Evaluated on")
    assert any("later.csv" in option for option in box.options)


def test_new_patients_are_predicted_and_can_be_taken_away(opened: Open, trained: str) -> None:
    app = show(opened("models"), "New patients")
    app.file_uploader[0].upload("new.csv", table(30).replace(b"p0", b"n0"), "text/csv")
    next(b for b in app.button if b.label == "Predict").click().run()
    assert not app.error
    found = next(t.value for t in app.dataframe if "probability" in t.value.columns)
    assert sorted(found["patient_id"]) == [f"n{n:03d}" for n in range(30)]
    assert found["probability"].is_monotonic_decreasing, "the highest first"
    assert found["probability"].between(0, 1).all()
    assert "Nothing of it is kept" in " ".join(c.value for c in app.caption)
    next(b for b in app.button if b.label == "Predict").click().run()
    assert app.error[0].value.startswith("No file is chosen")


def test_a_saved_threshold_counts_wherever_the_model_speaks(opened: Open, trained: str) -> None:
    own = models.model(trained).threshold
    app = opened("models")
    chosen = models.model(trained).evaluation.thresholds[-5].value
    app.select_slider[0].set_value(chosen).run()
    next(b for b in app.button if "as the alert threshold" in b.label).click().run()
    assert not app.error
    entry = models.model(trained)
    assert (entry.threshold, entry.saved) == (chosen, True)
    assert app.select_slider[0].value == chosen
    said = wording.percent(chosen)
    listed = opened("patient")
    show_box = next(one for one in listed.selectbox if one.label == "Show")
    assert f"Risk of {said} or more" in show_box.options
    app = show(opened("models"), "New patients")
    app.file_uploader[0].upload("new.csv", table(30).replace(b"p0", b"n0"), "text/csv")
    next(b for b in app.button if b.label == "Predict").click().run()
    found = next(t.value for t in app.dataframe if "probability" in t.value.columns)
    known = ~found["unlike training"]
    alerts = found[f"at or above {said}"]
    assert (alerts[known] == (found["probability"][known] >= chosen)).all()
    assert alerts[~known].isna().all()
    app = opened("models")
    next(b for b in app.button if b.label == "Back to the outcome rate").click().run()
    assert (models.model(trained).threshold, models.model(trained).saved) == (own, False)


def test_all_models_are_listed_with_their_figures(opened: Open, trained: str) -> None:
    assert not any(e.label.startswith("All ") for e in opened("models").expander)
    twin = models.bring_in("model.zip", models.export(trained))
    models.write_notes(twin, "From elsewhere")
    app = opened("models", model=trained)
    listed = next(t.value for t in app.dataframe if "Performance" in t.value.columns)
    assert listed["Notes"].tolist() == ["From elsewhere", ""]
    evaluation = models.model(trained).evaluation
    assert set(listed["Performance"]) == {f"AUROC {wording.measure(evaluation.measures['auroc'])}"}
    assert set(listed["Trained on"]) == {120}


def test_a_held_out_file_without_an_input_is_one_sentence(opened: Open, trained: str) -> None:
    app = show(opened("models"), "Held-out file")
    app.file_uploader[0].upload("other.csv", b"patient_id,event\na,yes\nb,no\n", "text/csv")
    next(b for b in app.button if b.label == "Evaluate on this file").click().run()
    assert len(app.error) == 1
    assert "other" in app.error[0].value
    assert not models.evaluations(trained)


def test_a_model_is_renamed_and_deleted(opened: Open, trained: str) -> None:
    app = show(opened("models"), "Manage")
    next(w for w in app.text_input if w.label == "Name").set_value("Ward 5")
    app.text_area[0].set_value("For the morning round.")
    next(b for b in app.button if b.label == "Save name and notes").click().run()
    assert models.model(trained).name == "Ward 5"
    assert models.model(trained).notes == "For the morning round."
    show(app, "Manage")
    next(b for b in app.button if b.label == "Delete this model").click().run()
    assert not app.error
    assert not models.models()


def choose_patient(app: AppTest, patient: str, panel: str = "Reasons") -> AppTest:
    next(box for box in app.selectbox if box.label == "Patient").set_value(patient)
    return on_panel(app.run(), panel)


def test_a_patient_of_the_cohort_is_shown_and_never_in_the_address(
    opened: Open, trained: str
) -> None:
    app = choose_patient(opened("patient"), "p007")
    assert not app.error
    assert any(metric.label.startswith("Risk that event is yes") for metric in app.metric)
    assert any("Each bar" in c.value or "typical patient" in c.value for c in app.caption)
    app = on_panel(app, "Similar patients")
    assert any("Distance" in t.value.columns for t in app.dataframe)
    assert "p007" not in str(app.query_params)


def test_what_if_shows_the_risk_before_and_after(opened: Open, trained: str) -> None:
    app = choose_patient(opened("patient"), "p007", "What if")
    slider = next(slider for slider in app.slider if slider.label == "marker")
    shown = float(slider.proto.format % slider.value)
    assert shown == pytest.approx(slider.value, abs=slider.proto.step / 2)
    slider.set_value(slider.max).run()
    assert not app.error
    labels = {metric.label for metric in app.metric}
    assert {"Risk now", "Risk with these values", "Its interval"} <= labels


def test_what_was_not_measured_stands_nowhere_until_a_value_is_given(
    opened: Open, trained: str
) -> None:
    app = opened("patient")
    app.segmented_control[0].set_value("Enter values").run()
    next(box for box in app.selectbox if box.label == "stage").set_value("II")
    next(b for b in app.button if b.label == "Estimate the risk").click().run()
    app = on_panel(app, "What if")
    assert not app.slider
    marker = next(w for w in app.number_input if str(w.key).startswith("if-"))
    assert (marker.label, marker.value) == ("marker", None)
    assert not any(metric.label == "Risk with these values" for metric in app.metric)
    lowest = next(v.range for v in models.model(trained).variables if v.name == "marker")
    assert lowest is not None
    marker.set_value(lowest[0]).run()
    assert not app.error
    assert any(metric.label == "Risk with these values" for metric in app.metric)


def may_change(app: AppTest, *names: str) -> AppTest:
    """These inputs, saved for the model, without limits."""
    next(m for m in app.multiselect if m.label == "Inputs that may change").set_value(list(names))
    app.run()
    next(b for b in app.button if b.label == "Save for this model").click().run()
    assert not app.exception
    return app


def advised(opened: Open, patient: str, *names: str) -> AppTest:
    return may_change(choose_patient(opened("patient"), patient, "Changes"), *names)


def test_what_could_change_is_ranked_and_says_what_it_is_not(opened: Open, trained: str) -> None:
    app = choose_patient(opened("patient"), "p019", "Changes")
    assert any("May change: marker." in one.value.replace("\\", "") for one in app.caption)
    app = may_change(app, "age (years)", "marker", "stage")
    assert not app.error
    assert models.limits(trained).names == ("age (years)", "marker", "stage")
    found = next(t.value for t in app.dataframe if "Alike, with these values" in t.value.columns)
    assert found["Change"].iloc[0].startswith("marker: ")
    assert " of 50" in found["Alike, with these values"].iloc[0]
    said = [caption.value.replace("\\", "") for caption in app.caption]
    assert any("not what a treatment or a change of habits would bring about" in s for s in said)
    assert any("May change: age (years); marker; stage." in one for one in said)
    assert any("The most by one change" in m.value for m in app.markdown)
    links = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    assert cohorts.cohorts()[0].address in links["Compare treatments in this cohort"]


def test_limits_are_set_for_each_input_and_kept_with_the_model(opened: Open, trained: str) -> None:
    app = advised(opened, "p019", "marker", "stage")
    next(b for b in app.selectbox if b.label == "marker").set_value("lower")
    next(n for n in app.number_input if n.label == "By at most (%)").set_value(10.0)
    next(m for m in app.multiselect if m.label == "stage may become").set_value(["I"])
    next(b for b in app.button if b.label == "Save for this model").click().run()
    assert models.limits(trained) == Limits(
        (Limit("marker", "lower", 10.0), Limit("stage", to=("I",)))
    )
    again = choose_patient(opened("patient"), "p019", "Changes")
    said = [caption.value.replace("\\", "") for caption in again.caption]
    assert any("marker (only lower, by at most 10 %); stage (to I)" in one for one in said)
    found = next(t.value for t in again.dataframe if "Change" in t.value.columns)
    now = float(cohorts.cells(models.model(trained).cohort, "p019")["marker"] or 0)
    for change in found["Change"]:
        for part in change.split("; "):
            if part.startswith("marker"):
                assert 0.9 * now - 1e-9 <= float(part.split(" → ")[1]) < now


def test_limits_that_leave_no_room_are_refused(trained: str) -> None:
    with pytest.raises(UserError, match="lower limit is above the upper one"):
        models.save_limits(trained, Limits((Limit("marker", low=2.0, high=1.0),)))
    with pytest.raises(UserError, match="no such input"):
        models.save_limits(trained, Limits((Limit("nothing"),)))


def test_the_report_tells_what_could_change_on_a_page_of_its_own(trained: str) -> None:
    cells = cohorts.cells(models.model(trained).cohort, "p019")
    found = patients.consult(trained, cells, "p019")
    why = patients.explain(trained, cells, "yes", "p019")
    models.save_limits(trained, Limits())
    plain = PdfReader(io.BytesIO(patients.report(trained, cells, "p019", found, why)))
    assert len(plain.pages) == 1
    models.save_limits(trained, Limits((Limit("marker"), Limit("stage"))))
    pages = PdfReader(io.BytesIO(patients.report(trained, cells, "p019", found, why))).pages
    assert len(pages) == 2
    text = " ".join(pages[1].extract_text().split())
    for part in (
        "What could change: patient p019", "of 100 patients like this one would have the event",
        "If marker were", "One thing at a time", "of 50 patients most like this one",
        "not what a treatment or a change of habits would bring about", RESEARCH_ONLY,
    ):  # fmt: skip
        assert part in text


def test_what_would_have_to_be_different_is_found(opened: Open, trained: str) -> None:
    app = advised(opened, "p019", "marker", "age (years)")
    assert not app.error
    next(n for n in app.number_input if n.label == "Target risk (%)").set_value(45.0)
    next(b for b in app.button if b.label == "Find the smallest change").click().run()
    assert not app.error
    found = next(t.value for t in app.dataframe if "Would have to be" in t.value.columns)
    assert found["Input"].tolist() == ["marker"]


def test_a_risk_below_the_threshold_says_so_and_the_goal_is_named(
    opened: Open, trained: str
) -> None:
    kept = hub().store.models.out_of_fold(trained)
    assert kept is not None
    lowest = kept.patients[int(kept.value[:50, 0].argmin())]
    app = advised(opened, lowest, "marker", "age (years)")
    (now,) = [m.value for m in app.metric if m.label.startswith("Risk that event is yes")]
    goal = next(n for n in app.number_input if n.label == "Target risk (%)")
    assert goal.value == pytest.approx(float(now.removesuffix(" %")) / 2, abs=0.3)
    said = [caption.value for caption in app.caption]
    threshold = f"{100 * models.model(trained).threshold:.0f}"
    assert f"The risk is already below the threshold of {threshold} %." in said
    next(b for b in app.button if b.label == "Find the smallest change").click().run()
    assert not app.error
    said = [one.value for one in (*app.caption, *app.info)]
    assert any(f"below {goal.value:g} %" in one.replace("\\", "") for one in said)
    assert not any("below the threshold. " in one for one in said)


def test_a_unit_in_the_name_is_not_said_twice(opened: Open, trained: str) -> None:
    app = advised(opened, "p019", "age (years)")
    next(b for b in app.button if b.label == "Find the smallest change").click().run()
    found = [t.value for t in app.dataframe if "Would have to be" in t.value.columns]
    assert [name for table in found for name in table["Input"]] == ["age (years)"]


def test_an_explanation_can_be_checked(opened: Open, trained: str) -> None:
    app = choose_patient(opened("patient"), "p007")
    assert any("every combination" in caption.value for caption in app.caption)
    next(t for t in app.toggle if t.label == "Check this explanation").set_value(True).run()
    assert not app.error
    labels = {metric.label: metric.value for metric in app.metric}
    assert labels["Rounding error"] == "below 0.00001"
    assert {"Largest standard error", "Similarity to an untrained model (lower is better)"} <= set(
        labels
    )
    assert any("Deletion curve" in caption.value for caption in app.caption)


def test_what_moves_the_model_is_shown_along_a_variable_and_by_group(
    opened: Open, trained: str
) -> None:
    app = show(opened("models"), "Importance")
    next(b for b in app.button if b.label == "Explain the model").click().run()
    show(app, "Importance")
    assert not app.error
    assert {"Effect of one variable", "Importance by subgroup"} <= {s.value for s in app.subheader}
    assert any("With" in t.value.columns for t in app.dataframe)
    groups = next(box for box in app.selectbox if box.label == "Groups by")
    assert getattr(groups.value, "name", "") == "stage"
    groups.select_index(1).run()
    assert not app.error
    found = next(t.value for t in app.dataframe if "Mean size (log-odds)" in t.value.columns)
    assert (found["Low"] <= found["Mean size (log-odds)"]).all()


def test_typed_values_may_stay_unknown(opened: Open, trained: str) -> None:
    app = opened("patient")
    app.segmented_control[0].set_value("Enter values").run()
    assert "at least one" in app.info[0].value
    next(w for w in app.number_input if w.label == "marker").set_value(1.9)
    next(b for b in app.button if b.label == "Estimate the risk").click().run()
    assert not app.error
    app = on_panel(app, "In context")
    assert any("not known" in markdown.value for markdown in app.markdown)


def test_a_patient_unlike_all_others_has_no_number(opened: Open, trained: str) -> None:
    app = opened("patient")
    app.segmented_control[0].set_value("Enter values").run()
    next(w for w in app.number_input if w.label == "marker").set_value(4e6)
    next(b for b in app.button if b.label == "Estimate the risk").click().run()
    assert "Outside what the model has seen" in app.warning[0].value
    assert not app.metric


def test_the_report_is_a_pdf(trained: str) -> None:
    from pmed_core.service import patients

    cells = cohorts.cells(models.model(trained).cohort, "p007")
    found = patients.consult(trained, cells, "p007")
    assert patients.report(trained, cells, "p007", found, None).startswith(b"%PDF")


def test_jobs_lists_the_run_and_forgets_it_when_asked(opened: Open, trained: str) -> None:
    app = opened("jobs")
    assert any("Train A" in markdown.value for markdown in app.markdown)
    next(b for b in app.button if b.label == "Remove").click().run()
    assert not app.error
    assert not training.jobs()
    assert models.models()


def test_why_there_are_no_groups_is_said(
    opened: Open, trained: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmed_core.service.groups.divisible", lambda identity: ())
    said = [one.value for one in show(opened("models"), "Groups").caption]
    assert any("No column of its cohort says to which group" in one for one in said)
    monkeypatch.setattr("pmed_core.service.cohorts.here", lambda identity: False)
    said = [one.value for one in show(opened("models"), "Groups").caption]
    assert any("it was imported, or its cohort was removed" in one for one in said)


def test_groups_of_its_patients_are_evaluated_by_themselves(opened: Open, trained: str) -> None:
    app = show(opened("models"), "Groups")
    choice = next(box for box in app.selectbox if box.label == "Variable")
    assert "stage" in choice.options
    assert not {"event", "patient_id"} & set(choice.options)
    choice.set_value("stage").run()
    assert not app.exception
    (table,) = [one.value for one in app.dataframe if "Group" in one.value.columns]
    assert list(table["Group"]) == ["All", "I", "II", "III"]
    assert table["Evaluated"].iloc[1:].sum() == table["Evaluated"].iloc[0]
