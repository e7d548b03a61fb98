"""Scans in a real browser: upload, train, evaluate, one scan with its evidence, report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pmed_core.settings import RESEARCH_ONLY
from tests.journeys.steps import TRAINING, drawn
from tests.scans.made import plain, png, spotted, zipped

EACH = 20


@pytest.mark.slow
def test_from_scans_to_one_scans_evidence(page: Page, tmp_path: Path) -> None:
    files = {f"finding/{row:02d}.png": png(spotted(row)[0]) for row in range(EACH)}
    files |= {f"normal/{row:02d}.png": png(plain(row)) for row in range(EACH)}
    (tmp_path / "spots.zip").write_bytes(zipped(files))

    page.get_by_role("link", name="Cohorts").first.click()
    add = page.get_by_role("button", name="Add a cohort")
    # Another journey may have left a cohort; then the form is behind a button.
    expect(add.or_(page.locator("input[type=file]")).first).to_be_attached()
    if add.is_visible():
        add.click()
    page.locator("input[type=file]").set_input_files(tmp_path / "spots.zip")
    page.get_by_role("button", name="Upload", exact=True).last.click()
    expect(page.get_by_text("finding (20)")).to_be_visible()
    page.get_by_role("button", name="Use these scans").click()
    # Not the address: it may name the cohort of another journey already.
    brought = page.get_by_role("combobox", name="Cohort", exact=True)
    expect(brought).to_have_value(re.compile("spots"))
    page.get_by_role("button", name="Train a model", exact=True).click()
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    drawn(page)
    page.get_by_text("More options").click()
    for field, value in (("Epochs", "3"), ("Networks", "1")):
        page.get_by_role("spinbutton", name=field).fill(value)
        page.keyboard.press("Tab")
        expect(page.get_by_role("spinbutton", name=field)).to_have_value(value)
        drawn(page)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Open a scan")).to_be_visible(timeout=TRAINING)
    page.get_by_role("button", name="Open a scan").click()

    page.wait_for_url("**/scan**")
    page.get_by_role("combobox", name="Scan", exact=True).click()
    page.get_by_role("option", name="finding/03.png").click()
    # A model of three epochs may be no better than chance on its few held-out scans.
    number, refused = (
        page.get_by_text(t) for t in ("Probability of finding", "No number is shown")
    )
    expect(refused.or_(number).first).to_be_visible()
    if refused.is_visible():
        page.get_by_text("Show the number anyway").click()
    expect(number).to_be_visible()
    # The scan is one that trained, or one that was held out; the page says which.
    basis = (page.get_by_text(said) for said in ("Was in training", "Held-out prediction"))
    expect(next(basis).or_(next(basis)).first).to_be_visible()
    expect(page.get_by_role("application", name="finding/03.png")).to_be_visible()
    expect(page.get_by_label("Window width")).to_be_visible()
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as report:
        page.get_by_role("button", name="Report (PDF)").click()
    assert Path(report.value.path()).read_bytes().startswith(b"%PDF")
    expect(page.get_by_text(RESEARCH_ONLY).first).to_be_visible()
