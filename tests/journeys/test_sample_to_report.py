"""The main journey in a real browser: sample, train, watch, judge, patient, report."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from pmed_core.settings import RESEARCH_ONLY

TRAINING = 180_000


def test_from_a_sample_to_one_patients_report(page: Page) -> None:
    expect(page.get_by_text(RESEARCH_ONLY).first).to_be_visible()
    page.get_by_role("button", name="Open this sample").first.click()
    expect(page.get_by_role("heading", name="Cohorts")).to_be_visible()

    page.get_by_role("link", name="Train").first.click()
    page.get_by_role("button", name=re.compile("^.*Train$|Start", re.I)).last.click()
    expect(page.get_by_role("button", name="Read the judgement")).to_be_visible(timeout=TRAINING)
    reloaded = page.url
    page.goto(reloaded)
    page.get_by_role("button", name="Read the judgement").click()

    expect(page.get_by_text("AUROC").first).to_be_visible()
    page.get_by_role("link", name="Patient").first.click()
    expect(page.get_by_text(RESEARCH_ONLY).first).to_be_visible()
    expect(page.get_by_text("Why").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Traceback")).to_have_count(0)
