"""Who visits a hosted installation: signing in, the project, signing out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.parts import sign_in, state
from pages.parts.errors import panel, refreshed
from pages.parts.words import duration, plain, short
from pmed_core.accounts import Access, Claims, Project, claims_of
from pmed_core.errors import Refused, UserError
from pmed_core.service import access
from pmed_core.settings import settings

LOOK_SECONDS, WARNED_SECONDS = 15.0, 60.0


def instead() -> Callable[[], None] | None:
    """What is drawn in place of the page; None where whoever visits may come in."""
    if not settings().hosted:
        return None
    access.tell_by(state.asking)
    signed = _signed()
    state.ask_as(access.Asking(signed, state.project()) if signed else None)
    try:
        found = access.arrive()
        mine = access.mine()
        if signed and mine and not state.project():
            # Whoever has just come in is shown the first.
            state.choose("project", mine[0].id)
            state.ask_as(access.Asking(signed, mine[0].id))
            found = access.arrive()
    except Refused as refused:
        return partial(_sign_in, refused if signed else None)
    except UserError as error:
        return partial(_failed, error)
    return _settled(found, mine) if found else None


def _signed() -> Claims | None:
    """What the identity provider has signed for this browser."""
    return claims_of(st.user.to_dict()) if st.user.get("is_logged_in") is True else None


def _sign_in(refused: Refused | None) -> None:
    """The only thing that somebody sees who is not signed in, or not any more."""
    st.title("Precision medicine", anchor=False)
    if refused is None:
        st.markdown("Sign in with the account of your institution.")
    else:
        st.info(plain(refused.on_screen()), icon=":material/lock_clock:")
    if sentence := sign_in.SENTENCES.get(st.query_params.get(sign_in.NAME, "")):
        st.warning(sentence, icon=":material/error:")
    if st.button("Sign in", type="primary", icon=":material/login:"):
        st.login()


def _failed(error: UserError) -> None:
    st.error(plain(error.on_screen()), icon=":material/error:")


def _settled(found: Access, mine: tuple[Project, ...]) -> Callable[[], None] | None:
    """In a project, where there is one for them."""
    _sidebar(found, mine)
    if found.project is not None or (found.user.administrator and not state.project()):
        return None
    return partial(_nowhere, found, mine)


def _nowhere(found: Access, mine: tuple[Project, ...]) -> None:
    """There is no project to show."""
    st.title("Precision medicine", anchor=False)
    if mine or found.user.administrator:
        st.warning(
            "You have no role in the project of this address. Choose one of yours.",
            icon=":material/lock:",
        )
        if found.user.administrator:
            st.button("Leave this project", on_click=state.enter, args=("",), key="leave-project")
        return
    st.info(
        "You are signed in, and no project is open to you yet. Ask an administrator to give you a "
        f"role in one. They find you as {plain(found.user.name)}, {plain(found.user.subject)}.",
        icon=":material/lock:",
    )


def _sidebar(found: Access, mine: tuple[Project, ...]) -> None:
    """Who this is, where they are, and the way out."""
    with st.sidebar:
        st.caption(f":material/account_circle: {plain(short(found.user.name, 40))}")
        if mine:
            names = {one.id: one.name for one in mine}
            here = found.project.id if found.project else None
            st.selectbox(
                "Project", list(names), format_func=lambda one: short(names.get(one, ""), 40),
                index=0 if here else None, placeholder="Choose a project",
                key=state.picked("project", here or ""), on_change=_enter,
            )  # fmt: skip
        st.button("Sign out", icon=":material/logout:", on_click=_leave, key="sign-out")
        refreshed(_watch, LOOK_SECONDS)


def _enter() -> None:
    state.enter(state.pick("project"))


def _leave() -> None:
    with panel():
        access.leave()
    st.logout()


def _watch() -> None:
    """What stands on the screen goes when the sign-in does, also where nobody touches it."""
    try:
        left = access.who().expires
    except Refused:
        st.rerun()
    if left < WARNED_SECONDS:
        st.warning(f"You are signed out in {duration(left)} if nothing is done.")
        if st.button("Stay signed in", key="stay"):
            access.arrive()
            st.rerun()
