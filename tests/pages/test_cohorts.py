"""Bring in a table, choose its outcome, correct its variables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.outcome import with_outcome
from pages.parts.variables import corrected
from pmed_core.errors import UserError
from pmed_core.outcomes import Classes, YesNo
from pmed_core.quality import SAME_ROW
from pmed_core.samples.catalogue import SAMPLES
from pmed_core.service import cohorts, uploads
from pmed_core.settings import settings
from pmed_core.variable import Kind, Role
from pmed_core.work import Inspect
from tests.pages.conftest import Open, table


def press(app: AppTest, label: str) -> AppTest:
    """Click the button with that label."""
    next(button for button in app.button if button.label == label).click()
    return app.run()


def show(app: AppTest, view: str) -> AppTest:
    """Open one of the views of the chosen cohort."""
    app.segmented_control[0].set_value(view)
    return app.run()


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    """Bring in a file through the form."""
    app.file_uploader[0].upload(name, data, "text/csv")
    press(app, "Upload")
    return press(app, "Use this table") if not app.error else app


def test_home_offers_the_samples_and_one_click_opens_one(opened: Open) -> None:
    app = opened()
    assert [b.label for b in app.button].count("Open this sample") == len(SAMPLES)
    app.button(key="sample-breast_cancer").click().run()
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Cohorts"
    (entry,) = cohorts.cohorts()
    assert entry.outcome == YesNo("diagnosis", ("malignant",))
    assert app.query_params["cohort"] == entry.id
    assert any("malignant" in metric.label for metric in app.metric)


def test_a_table_is_brought_in_and_its_outcome_is_asked_for(opened: Open) -> None:
    app = upload(opened("cohorts"), "small.csv", table())
    assert not app.error
    assert any("not chosen yet" in markdown.value for markdown in app.markdown)
    box = next(box for box in app.selectbox if box.label == "Outcome column")
    assert box.options[0] == "event"
    box.set_value("event").run()
    app.pills[0].set_value(["yes"]).run()
    press(app, "Save the outcome")
    (entry,) = cohorts.cohorts()
    assert entry.outcome == YesNo("event", ("yes",))


def test_a_column_with_three_values_can_be_kept_as_classes(opened: Open, small: str) -> None:
    app = opened("cohorts", cohort=small)
    next(b for b in app.selectbox if b.label == "Outcome column").set_value("stage")
    app.run()
    app.segmented_control[1].set_value("Each class separately").run()
    press(app, "Save the outcome")
    assert cohorts.cohorts()[0].outcome == Classes("stage", ("I", "II", "III"))


def test_a_number_with_few_values_can_be_the_outcome(opened: Open) -> None:
    identity = cohorts.bring_in("score.csv", table(extra="score"))
    app = opened("cohorts", cohort=identity)
    next(b for b in app.selectbox if b.label == "Outcome column").set_value("score")
    app.run()
    app.pills[0].set_value(["3", "4"]).run()
    press(app, "Save the outcome")
    assert not app.error
    (entry,) = cohorts.cohorts()
    assert entry.outcome == YesNo("score", ("3", "4"))
    assert dict(cohorts.quality(entry.id).balance) == {"3 or 4": 24, "0 or 1 or 2": 36}


@pytest.mark.parametrize(
    "data", [b"", b"a,b,c\n", b"\x00\x01\x02\xff" * 500], ids=["empty", "header only", "binary"]
)
def test_a_broken_file_is_one_sentence_and_changes_nothing(data: bytes, opened: Open) -> None:
    app = upload(opened("cohorts"), "broken*file*.csv", data)
    assert len(app.error) == 1
    assert "broken\\*file\\*.csv" in app.error[0].value
    assert not cohorts.cohorts()


def test_pressing_the_button_without_a_file_says_so(opened: Open) -> None:
    app = press(opened("cohorts"), "Upload")
    assert "No file is chosen" in app.error[0].value


def test_every_view_of_a_cohort_is_drawn(opened: Open, small: str) -> None:
    app = opened("cohorts", cohort=small)
    for view in ("Quality", "Outcome", "Variables", "Distributions", "Rows"):
        show(app, view)
        assert not app.error, view


def test_a_thousand_variables_are_shown_a_page_at_a_time(opened: Open) -> None:
    names = [f"gene {n}" for n in range(1000)]
    rows = [",".join(str((i * n) % 7 / 7) for n in range(1000)) for i in range(12)]
    identity = cohorts.bring_in("wide.csv", "\n".join([",".join(names), *rows]).encode())
    app = show(opened("cohorts", cohort=identity), "Distributions")
    assert len(app.dataframe[0].value) == 25
    app.text_input[0].set_value("gene 99").run()
    assert list(app.dataframe[0].value["Variable"])[0] == "gene 99"
    assert len(app.dataframe[0].value) == 11


def test_a_cohort_is_deleted_only_when_it_is_said_twice(opened: Open, small: str) -> None:
    app = press(opened("cohorts", cohort=small), "Delete this cohort")
    assert not app.error
    assert not cohorts.cohorts()
    assert "cohort" not in app.query_params


@pytest.mark.parametrize("page", ["cohorts", "train"])
def test_an_address_of_no_cohort_shows_no_other_one(page: str, opened: Open, small: str) -> None:
    app = opened(page, cohort="0" * 32)
    assert "no cohort at this address" in app.warning[0].value
    assert not any("Start" in b.label or "Delete" in b.label for b in app.button)
    box = next(box for box in app.selectbox if box.label == "Cohort")
    assert box.value is None
    box.select_index(0).run()
    assert app.query_params["cohort"] == small
    assert not app.warning


def test_the_address_stays_through_all_edits(opened: Open, small: str) -> None:
    app = opened("cohorts", cohort=small)
    next(b for b in app.selectbox if b.label == "Outcome column").set_value("event")
    app.run()
    app.pills[0].set_value(["yes"]).run()
    press(app, "Save the outcome")
    assert app.query_params["cohort"] == small
    assert cohorts.cohort(small).outcome == YesNo("event", ("yes",))
    assert cohorts.cohort(small).id != small
    again = opened("train", cohort=small)
    assert not any("address" in warning.value for warning in again.warning)
    assert any(b.label == "Start training" for b in again.button)


def test_next_is_the_outcome_and_leads_there(opened: Open, small: str) -> None:
    app = show(opened("cohorts", cohort=small), "Rows")
    press(app, "Next: choose the outcome")
    assert any(box.label == "Outcome column" for box in app.selectbox)


def test_corrections_rename_and_change_the_role(small: str) -> None:
    entry = cohorts.cohort(small)
    variables, outcome = corrected(
        entry,
        {
            "marker": {"Name": "CRP", "Unit": "mg/L", "Changeable": True},
            "stage": {"Role": "ignore"},
        },
    )
    by_name = {v.name: v for v in variables}
    assert outcome is None
    assert by_name["CRP"].source == "marker"
    assert by_name["CRP"].changeable
    assert by_name["stage"].role is Role.IGNORE
    fresh = cohorts.cohort(cohorts.revise(small, variables, outcome))
    assert "CRP" in {v.name for v in fresh.variables}


def test_a_renamed_outcome_stays_the_outcome(small: str) -> None:
    chosen = YesNo("event", ("yes",))
    fresh = cohorts.revise(small, with_outcome(cohorts.cohort(small).variables, chosen), chosen)
    _, outcome = corrected(cohorts.cohort(fresh), {"event": {"Name": "died"}})
    assert outcome == YesNo("died", ("yes",))


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ({"marker": {"Name": " "}}, "no name"),
        ({"marker": {"Name": "stage"}}, "Two variables are called 'stage'"),
        ({"stage": {"Role": "outcome"}}, "not chosen in this table"),
        ({"stage": {"Role": "patient"}}, "More than one variable is the patient id"),
    ],
)
def test_corrections_that_cannot_be_are_refused(
    edits: dict[str, dict[str, str]], says: str, small: str
) -> None:
    with pytest.raises(UserError, match=says):
        corrected(cohorts.cohort(small), edits)


def test_cohorts_of_the_same_name_are_told_apart(opened: Open, small: str) -> None:
    variables = with_outcome(cohorts.cohort(small).variables, YesNo("event", ("yes",)))
    cohorts.bring_in("small.csv", table() + b"\np999,50,1,I,no")
    cohorts.revise(small, variables, YesNo("event", ("yes",)))
    app = opened("cohorts")
    titles = next(box for box in app.selectbox if box.label == "Cohort").options
    assert len(set(titles)) == len(titles) == 2


def test_a_new_kind_forgets_the_old_values(small: str) -> None:
    variables, _ = corrected(cohorts.cohort(small), {"age (years)": {"Kind": "category"}})
    age = next(v for v in variables if v.name == "age (years)")
    assert age.kind is Kind.CATEGORY
    assert age.range is None


def test_suspected_leaks_are_proposed_and_ignored_in_one_step(opened: Open) -> None:
    lines = table().decode().splitlines()
    told = [line + ("," + ("9.5" if ",yes" in line else "1.5")) for line in lines[1:]]
    leaky = "\n".join([lines[0] + ",discharge code", *told]).encode()
    identity = cohorts.bring_in("leaky.csv", leaky)
    variables = cohorts.cohort(identity).variables
    identity = cohorts.revise(identity, variables, YesNo("event", ("yes",)))
    app = opened("cohorts", cohort=identity)
    (proposed,) = app.multiselect
    assert proposed.value == ["marker", "discharge code"]
    assert any(one.value.startswith(":red-badge") for one in app.markdown)
    assert "Ignore 'discharge code'" in [plainly(one.label) for one in app.button]
    proposed.set_value(["discharge code"])
    press(app, "Ignore these inputs")
    assert not app.error
    newest = cohorts.cohorts()[0]
    ignored = next(v for v in newest.variables if v.name == "discharge code")
    assert (ignored.role, ignored.reason) == (Role.IGNORE, "ignored by you")
    assert newest.variables[2].role is Role.INPUT


def plainly(label: str) -> str:
    return label.replace("\\", "")


def test_a_finding_names_its_rows_and_offers_the_way_out(opened: Open) -> None:
    lines = table().decode().splitlines()
    twin = lines[5].replace("p004", "p900")
    copy = [f"{line},{line.split(',')[2]}" for line in [*lines[1:], twin]]
    file = "\n".join([f"{lines[0]},copy", *copy]).encode()
    identity = cohorts.bring_in("twins.csv", file)
    cohorts.revise(identity, cohorts.cohort(identity).variables, YesNo("event", ("yes",)))
    app = show(opened("cohorts", cohort=identity), "Quality")
    named = [one.label for one in app.expander if one.label.startswith("Rows: ")]
    assert any("p004" in one and "p900" in one for one in named)
    shown = next(t.value for t in app.dataframe if "p900" in set(t.value.iloc[:, 0]))
    assert list(shown.columns)[0] == "patient_id"
    button = next(b for b in app.button if plainly(b.label) == "Ignore 'copy'")
    button.click().run()
    assert not app.error
    ignored = next(v for v in cohorts.cohorts()[0].variables if v.name == "copy")
    assert ignored.role is Role.IGNORE


def test_each_step_of_the_path_ends_with_the_next_one(opened: Open, small: str) -> None:
    app = show(opened("cohorts", cohort=small), "Variables")
    press(app, "Next: choose the outcome")
    assert app.segmented_control[0].value == "Outcome"
    cohorts.revise(small, cohorts.cohort(small).variables, YesNo("event", ("yes",)))
    app = show(opened("cohorts", cohort=small), "Outcome")
    press(app, "Next: check the quality")
    assert app.segmented_control[0].value == "Quality"
    press(app, "Next: train a model")
    assert app.title[0].value == "Train"


def test_codes_are_named_by_a_dictionary_and_shown_by_their_names(opened: Open) -> None:
    rows = "".join(f"P{i},{i % 2},{'yes' if i % 3 else 'no'}\n" for i in range(60))
    app = upload(opened("cohorts"), "coded.csv", f"id,sex,event\n{rows}".encode())
    app = show(app, "Variables")
    assert app.selectbox(key="names-of-coded.csv").options[0] == "sex"
    book = b"variable,code,label\nsex,0,female\nsex,1,male\n"
    app.file_uploader(key="dictionary-file").upload("book.csv", book, "text/csv")
    press(app, "Use this dictionary")
    assert not app.error
    (entry,) = cohorts.cohorts()
    assert entry.variables[1].labels == (("0", "female"), ("1", "male"))
    app = show(app, "Rows")
    assert app.dataframe[0].value["sex"].tolist()[:2] == ["0 (female)", "1 (male)"]


def german(rows: int = 60) -> bytes:
    """A German export whose CRP may have thousands marks, and whose 999 may mean "missing"."""
    lines = ["Patient;CRP;Gewicht;Nachname;verstorben"]
    for i in range(rows):
        weight = 999 if i % 20 == 3 else 60 + i % 30
        died = "ja" if i % 5 == 0 else "nein"
        lines.append(f"p{i:03d};1.{100 + i};{weight},5;Meier;{died}")
    return "\n".join(lines).encode()


def looked_at(opened: Open, data: bytes) -> AppTest:
    """The page on which a table waits to be taken."""
    app = opened("cohorts")
    app.file_uploader[0].upload("labor.csv", data, "text/csv")
    return press(app, "Upload")


def decide(app: AppTest, label: str, value: str) -> AppTest:
    """Overrule a decision of the reader."""
    next(box for box in app.selectbox if box.label == label).set_value(value)
    return app.run()


def sources() -> list[str]:
    """Names of the uploaded files that are kept."""
    home = settings().home
    return [path.name for path in (*home.glob("sources/*/*"), *home.glob("passing/*/*/*/*"))]


def test_a_table_is_looked_at_before_it_is_taken(opened: Open) -> None:
    app = looked_at(opened, german())
    assert not app.error
    assert not cohorts.cohorts()
    first = app.dataframe[0].value
    assert len(first) == 20
    assert list(first.iloc[0])[:2] == ["p000", "1100"]
    decide(app, "CRP: decimal mark", "point")
    assert not app.error
    assert app.dataframe[0].value.iloc[1, 1] == "1.101"
    press(app, "Use this table")
    (entry,) = cohorts.cohorts()
    assert cohorts.table(entry.id).table["CRP"].iloc[1] == pytest.approx(1.101)
    assert cohorts.overruled(entry.address) == {"decimal:CRP": "point"}


def test_a_table_that_is_not_taken_leaves_nothing(opened: Open) -> None:
    app = press(looked_at(opened, german()), "Cancel")
    assert not app.error
    assert not cohorts.cohorts()
    assert sources() == []
    assert any(button.label == "Upload" for button in app.button)


def test_a_table_that_waits_is_said_on_other_pages(opened: Open) -> None:
    app = looked_at(opened, german())
    app.switch_page("pages/home.py").run()
    assert any("not added yet" in markdown.value for markdown in app.markdown)
    app.switch_page("pages/cohorts.py").run()
    assert any(button.label == "Use this table" for button in app.button)


def test_a_decision_that_cannot_be_read_is_said_and_the_table_stays(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = looked_at(opened, german())

    def refused(file: Inspect) -> None:
        raise UserError("There is no such decision", file.name, "Choose another.")

    monkeypatch.setattr(uploads, "inspect_again", refused)
    decide(app, "CRP: decimal mark", "point")
    assert "no such decision" in app.error[0].value
    assert any(button.label == "Use this table" for button in app.button)


def test_a_decision_is_overruled_after_the_table_was_taken(opened: Open) -> None:
    identity = cohorts.bring_in("labor.csv", german())
    app = show(opened("cohorts", cohort=identity), "Reading")
    decide(app, "CRP: decimal mark", "point")
    assert any("1 decision changed and not saved" in m.value for m in app.markdown)
    show(app, "Rows")
    assert any("1 decision changed and not saved" in m.value for m in app.markdown)
    press(app, "Save changes")
    assert not app.error
    assert cohorts.table(cohorts.cohort(identity).id).table["CRP"].max() < 2
    show(app, "Reading")
    decide(app, "CRP: decimal mark", "Automatic")
    press(app, "Save changes")
    assert cohorts.table(cohorts.cohort(identity).id).table["CRP"].min() == 1100
    assert app.query_params["cohort"] == identity


def test_a_number_is_read_in_bands_and_again_as_a_number(opened: Open) -> None:
    data = b"id,dose,died\n" + b"".join(
        f"P{k},{k % 40},{'yes' if k % 3 else 'no'}\n".encode() for k in range(80)
    )
    identity = cohorts.bring_in("doses.csv", data)
    app = show(opened("cohorts", cohort=identity), "Reading")
    next(b for b in app.selectbox if b.label == "Number").select_index(0)
    next(t for t in app.text_input if t.label == "Upper limits of the bands").set_value("0; 10, 20")
    press(app, "Use these bands")
    assert any("1 decision changed and not saved" in m.value for m in app.markdown)
    press(app, "Save changes")
    assert "are not limits of bands" in app.error[0].value
    limits = next(t for t in app.text_input if t.label == "dose: upper limits of the bands")
    limits.set_value("0; 10; 20").run()
    press(app, "Save changes")
    assert not app.error
    variable = next(v for v in cohorts.cohort(identity).variables if v.name == "dose")
    assert variable.categories == ("0", "above 0 to 10", "above 10 to 20", "above 20")
    show(app, "Outcome")
    next(b for b in app.selectbox if b.label == "Outcome column").set_value("died").run()
    app.pills[0].set_value(["yes"]).run()
    compared = next(b for b in app.selectbox if b.label == "Compare treatments?")
    assert "dose" in compared.options
    show(app, "Reading")
    decide(app, "dose: upper limits of the bands", "Automatic")
    press(app, "Save changes")
    variable = next(v for v in cohorts.cohort(identity).variables if v.name == "dose")
    assert (variable.kind, variable.range) == (Kind.NUMBER, (0, 39))


def test_other_bands_take_the_place_of_those_chosen_before(opened: Open) -> None:
    rows = "".join(f"P{k},{k % 40}\n" for k in range(80))
    identity = cohorts.bring_in("doses.csv", f"id,dose\n{rows}".encode())
    app = show(opened("cohorts", cohort=identity), "Reading")

    def choose(limits: str) -> None:
        next(b for b in app.selectbox if b.label == "Number").select_index(0)
        field = next(t for t in app.text_input if t.label == "Upper limits of the bands")
        field.set_value(limits)
        press(app, "Use these bands")
        assert not app.error

    choose("0; 10")
    choose("0; 20")
    press(app, "Save changes")
    assert cohorts.overruled(identity) == {"bands:dose": "0; 20"}
    choose("0; 30")
    assert any("1 decision changed and not saved" in m.value for m in app.markdown)
    press(app, "Save changes")
    assert cohorts.overruled(identity) == {"bands:dose": "0; 30"}
    variable = next(v for v in cohorts.cohort(identity).variables if v.name == "dose")
    assert variable.categories == ("0", "above 0 to 30", "above 30")


def test_unsaved_changes_are_discarded_only_when_that_is_said(opened: Open) -> None:
    identity = cohorts.bring_in("labor.csv", german())
    app = show(opened("cohorts", cohort=identity), "Reading")
    decide(app, "CRP: decimal mark", "point")
    app.switch_page("pages/home.py").run()
    assert any("are not saved" in markdown.value for markdown in app.markdown)
    app.switch_page("pages/cohorts.py").run()
    press(app, "Discard")
    assert not any("not saved" in markdown.value for markdown in app.markdown)
    assert cohorts.cohort(identity).id == identity


def test_an_outcome_is_saved_beside_changes_that_wait(opened: Open) -> None:
    identity = cohorts.bring_in("labor.csv", german())
    app = show(opened("cohorts", cohort=identity), "Reading")
    decide(app, "CRP: decimal mark", "point")
    show(app, "Outcome")
    next(b for b in app.selectbox if b.label == "Outcome column").set_value("verstorben")
    app.run()
    app.pills[0].set_value(["ja"]).run()
    press(app, "Save the outcome")
    assert any("1 decision changed and not saved" in m.value for m in app.markdown)
    press(app, "Save changes")
    entry = cohorts.cohort(identity)
    assert entry.outcome == YesNo("verstorben", ("ja",))
    assert cohorts.table(entry.id).table["CRP"].max() < 2


def test_codes_for_missing_are_set_missing_in_one_click(opened: Open) -> None:
    data = german().replace(b"999,5", b"999").replace(b",5;", b";")
    identity = cohorts.bring_in("labor.csv", data)
    app = show(opened("cohorts", cohort=identity), "Quality")
    press(app, "Set 999 of Gewicht to missing")
    assert not app.error
    assert cohorts.table(cohorts.cohort(identity).id).table["Gewicht"].isna().sum() == 3


def test_rows_that_two_patients_share_are_left_out_in_one_click(opened: Open) -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(80, 4)).round(3), columns=["na", "k", "crp", "hb"])
    frame.insert(0, "patient_id", [f"P{k}" for k in range(80)])
    frame["ward"] = draw.integers(1, 4, 80)
    again = frame.iloc[[3]].assign(patient_id="P99")
    data = pd.concat([frame, again]).to_csv(index=False).encode()
    identity = cohorts.bring_in("twice.csv", data)
    entry = cohorts.cohort(identity)
    as_words = tuple(
        replace(v, kind=Kind.CATEGORY, range=None) if v.name == "ward" else v
        for v in entry.variables
    )
    cohorts.revise(entry.id, as_words, None)
    app = show(opened("cohorts", cohort=identity), "Quality")
    press(app, "Leave out the later row of each pair")
    assert not app.error
    entry = cohorts.cohort(identity)
    assert len(cohorts.table(entry.id).table) == 80
    assert next(v for v in entry.variables if v.name == "ward").kind is Kind.CATEGORY
    assert not any("Leave out the later" in button.label for button in app.button)
    show(app, "Reading")
    decide(app, "Repeated rows", "kept")
    press(app, "Save changes")
    assert len(cohorts.table(cohorts.cohort(identity).id).table) == 81


def test_rows_of_two_molecules_are_not_offered_to_be_left_out(opened: Open) -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(80, 4)).round(3), columns=["na", "k", "crp", "hb"])
    frame.insert(0, "patient_id", [f"P{k}" for k in range(80)])
    again = frame.iloc[[3]].assign(patient_id="P99")
    whole = pd.concat([frame, again], ignore_index=True)
    whole["smiles"] = ["C" * (1 + k % 27) + ("O", "N", "Cl")[k // 27] for k in range(81)]
    identity = cohorts.bring_in("drugs.csv", whole.to_csv(index=False).encode())
    found = {one.check: one for one in cohorts.quality(identity).findings}
    assert found[SAME_ROW].rows == (3, 80)
    app = show(opened("cohorts", cohort=identity), "Quality")
    assert not any("Leave out the later" in button.label for button in app.button)


def test_the_history_leads_back(opened: Open, small: str) -> None:
    variables = with_outcome(cohorts.cohort(small).variables, YesNo("event", ("yes",)))
    cohorts.revise(small, variables, YesNo("event", ("yes",)))
    app = show(opened("cohorts", cohort=small), "History")
    said = [markdown.value.replace("\\", "") for markdown in app.markdown]
    assert "- Outcome: event = yes" in said
    press(app, "Go back to this revision")
    assert not app.error
    assert cohorts.cohort(small).outcome is None
    assert app.query_params["cohort"] == small


def test_an_outcome_of_several_values_shows_those_with_and_without_the_event(opened: Open) -> None:
    identity = cohorts.bring_in("score.csv", table(extra="score"))
    outcome = YesNo("score", ("3", "4"))
    cohorts.revise(identity, with_outcome(cohorts.cohort(identity).variables, outcome), outcome)
    app = opened("cohorts", cohort=identity)
    shown = {metric.label.replace("\\", ""): metric.value for metric in app.metric}
    assert shown == {"Outcome: 3 or 4": "24", "Outcome: 0 or 1 or 2": "36"}
