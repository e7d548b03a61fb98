"""What every journey waits for."""

from __future__ import annotations

from playwright.sync_api import Page, expect

PATIENCE, TRAINING = 120_000, 600_000
"""Milliseconds until what a page should show, or a model, is missing: the machine may be busy."""


def drawn(page: Page) -> None:
    """Wait until the page stands: a click into one that is still being drawn can be lost."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def open_sample(page: Page, name: str) -> None:
    """From Home to the cohort of that sample; the cards are folded once there is a cohort."""
    samples = page.locator(".st-key-samples details")
    samples.wait_for()
    drawn(page)
    if samples.get_attribute("open") is None:
        page.get_by_text("Start with a sample").click()
    page.locator(f".st-key-sample-{name} button").click()
    page.wait_for_url("**/cohorts?cohort=**")
