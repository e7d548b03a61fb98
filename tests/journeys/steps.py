"""What every journey waits for."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def drawn(page: Page) -> None:
    """Wait until the page stands: a click into one that is still being drawn can be lost."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=60_000
    )
