"""The main journey in a real browser: sample, train, progress, evaluate, patient, report."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from pmed_core.settings import RESEARCH_ONLY
from tests.journeys.steps import TRAINING, drawn, open_sample
from tests.journeys.visitor import fetch


def test_from_a_sample_to_one_patients_report(page: Page, server: str) -> None:
    expect(page.get_by_text(RESEARCH_ONLY).first).to_be_visible()
    open_sample(page, "breast_cancer")
    page.get_by_role("link", name="Train").first.click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    drawn(page)
    page.get_by_text("More options").click()
    folds = page.get_by_role("spinbutton", name="Folds")
    folds.fill("2")
    page.keyboard.press("Tab")
    drawn(page)
    page.get_by_role("button", name="Start training").click()

    # Another visit to the same address finds the same run: it belongs to the server.
    page.wait_for_url("**run=**")
    page.goto(page.url)
    expect(page.get_by_role("button", name="See performance")).to_be_visible(timeout=TRAINING)
    page.get_by_role("button", name="See performance").click()
    expect(page.get_by_text("AUROC").first).to_be_visible()
    expect(page.get_by_text("Alerts per 100 patients").first).to_be_visible()
    drawn(page)

    page.get_by_role("link", name="Patient").first.click()
    page.wait_for_url("**/patient**")
    page.get_by_role("combobox", name="Patient", exact=True).click()
    page.keyboard.type("W003")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Report (PDF)").wait_for()
    page.get_by_text("Check this explanation").click()
    expect(page.get_by_text("Deletion curve").first).to_be_visible()
    _stays_but_on_a_phone(page)
    page.get_by_role("radio", name="Changes").click()
    expect(page.get_by_text("May change").first).to_be_visible()
    page.get_by_role("combobox", name="Inputs that may change").fill("area worst")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save for this model").click()
    drawn(page)
    page.get_by_text("Smallest change that brings the risk to a goal").click()
    wanted = page.get_by_role("button", name="Find the smallest change")
    expect(wanted).to_be_visible()
    # A click between two redraws is lost.
    drawn(page)
    page.wait_for_timeout(500)
    wanted.click()
    answers = ("bringing about these changes", "No patient like this one")
    answered = page.get_by_text(re.compile("|".join(answers))).first
    expect(answered).to_be_visible()
    with page.expect_download() as report:
        page.get_by_role("button", name="Report (PDF)").click()
    assert Path(report.value.path()).read_bytes().startswith(b"%PDF")
    assert fetch(server, urlsplit(report.value.url).path)[0] == 404, "for this browser alone"
    link = page.url
    page.keyboard.press("Alt+ArrowDown")
    expect(page).not_to_have_url(link)
    box = page.get_by_role("combobox", name="Patient", exact=True)
    expect(box).not_to_have_value("W003")
    page.goto(link)
    expect(box).to_have_value("W003")
    assert "W003" not in link
    expect(page.get_by_text(RESEARCH_ONLY).first).to_be_visible()


def _stays_but_on_a_phone(page: Page) -> None:
    """The number is seen beside what is far below it, where the screen has room for both."""
    head, wide = page.locator(".st-key-case-head"), page.viewport_size
    assert wide is not None
    scroll = "page => page.scrollTo(0, page.scrollHeight)"
    page.get_by_test_id("stMain").evaluate(scroll)
    expect(head).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("stMain").evaluate(scroll)
    expect(head).not_to_be_in_viewport()
    page.set_viewport_size(wide)
    page.get_by_test_id("stMain").evaluate("page => page.scrollTo(0, 0)")
    drawn(page)
