"""A number, several events and a prognosis travel the same road in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.steps import TRAINING, drawn, open_sample


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sample", "measure", "answer"),
    [
        ("diabetes", "Coverage of the 90 % interval", "the mean of all patients"),
        ("complications", "Mean AUROC", "AUROC of wound_infection"),
        ("follow_up", "C-index", "months"),
    ],
)
def test_from_the_sample_to_one_patients_report(
    page: Page, sample: str, measure: str, answer: str
) -> None:
    open_sample(page, sample)
    page.get_by_role("link", name="Train").first.click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    drawn(page)
    page.get_by_text("Linear model").first.click()
    drawn(page)
    page.get_by_text("More options").click()
    page.get_by_role("spinbutton", name="Folds").fill("2")
    page.keyboard.press("Tab")
    drawn(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="See performance").click(timeout=TRAINING)
    expect(page.get_by_text(measure).first).to_be_visible()
    drawn(page)

    page.get_by_role("link", name="Patient").first.click()
    page.wait_for_url("**/patient**")
    drawn(page)
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_text(answer).first).to_be_visible()
    with page.expect_download() as report:
        page.get_by_role("button", name="Report (PDF)").click()
    assert Path(report.value.path()).read_bytes().startswith(b"%PDF")
