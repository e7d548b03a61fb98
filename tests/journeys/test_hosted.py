"""Signing in with a browser, an administrator who lets somebody in, and signing out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pmed_core.accounts import Role
from pmed_core.store.accounts import Accounts
from tests.hosted.provider import provided
from tests.hosted.signing_in import USER_COOKIE, hosted
from tests.journeys.steps import PATIENCE, drawn


@contextmanager
def tab(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    drawn(page)


@pytest.mark.slow
def test_an_administrator_lets_a_clinician_in(browser: Browser, tmp_path: Path) -> None:
    with provided() as provider, hosted(tmp_path, provider) as address:
        kept = Accounts.open(tmp_path / "home")
        provider.become("ann")
        with tab(browser, f"{address}/cohorts") as ann, tab(browser, address) as boss:
            expect(ann.get_by_text("Sign in with the account")).to_be_visible()
            sign_in(ann)
            expect(ann.get_by_text("no project is open to you yet")).to_be_visible()

            provider.become("boss")
            sign_in(boss)
            boss.get_by_text("New project").click()
            boss.get_by_label("Name of the project").fill("Cardiology")
            boss.get_by_role("button", name="Make the project").click()
            expect(boss.get_by_text("The project is made")).to_be_visible()
            drawn(boss)

            (project,), users = kept.projects(), {one.name: one.id for one in kept.users()}
            kept.give(users["Ann"], project.id, Role.CLINICIAN)
            ann.reload()
            drawn(ann)
            expect(ann.get_by_role("link", name="Patient")).to_be_visible()
            expect(ann.get_by_role("link", name="Train")).to_have_count(0)
            expect(ann.get_by_role("link", name="Users")).to_have_count(0)

            held = ann.context.cookies()
            assert any(one["name"] == USER_COOKIE for one in held)
            ann.get_by_role("button", name="Sign out").click()
            expect(ann.get_by_text("Sign in with the account")).to_be_visible()
            ann.context.add_cookies(held)  # type: ignore[arg-type]
            ann.goto(address)
            expect(ann.get_by_text("You have signed out")).to_be_visible()
