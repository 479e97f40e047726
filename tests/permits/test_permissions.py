"""Who may do what: every cell of person, act and subject, against a table that was written by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs.write_permissions import ABOUTS, PAGE, About, cells, page, people
from permits.authority import Act, Actor, Role, Subject, refusal
from permits.errors import Code

TABLE = Path(__file__).parent / "permissions.txt"
PLAIN = ("nothing", "case", "definition")
DESKS = tuple(role.value for role in Role)
EVERYBODY = tuple(people())
Cell = tuple[str, str, About]


def named(text: str, everything: str, all_of_them: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a column; `everything` means all, `everything but a, b` all others."""
    words = tuple(word.strip() for word in text.removeprefix(f"{everything} but ").split(","))
    if text == everything:
        return all_of_them
    if text.startswith(f"{everything} but "):
        assert set(words) <= set(all_of_them), text
        return tuple(one for one in all_of_them if one not in words)
    return words


def meant(line: str) -> Iterator[tuple[Cell, str]]:
    """The cells that one line of the table names."""
    act, who, about, how, answer = (part.strip() for part in line.split("|"))
    for person in named(who, "everyone", EVERYBODY):
        assert person in EVERYBODY, person
        whats = {"anything": (*PLAIN, *DESKS), "own desk": (person.replace("opd_head", "opd"),)}.get(about)
        for what in whats or named(about, "every desk", DESKS):
            found = [one for one in ABOUTS if one.what == what and (how == "any" or one.how in how.split(", "))]
            assert found, f"{line}: nothing is called {what} {how}"
            for one in found:
                yield (act, person, one), answer


def table() -> dict[Cell, str]:
    """Every cell that the table names, with its answer."""
    said: dict[Cell, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            for cell, answer in meant(line):
                assert cell not in said, f"named twice: {cell} in {line}"
                said[cell] = answer
    return said


SAID = table()


@pytest.mark.parametrize("act", Act)
def test_each_cell_answers_as_the_table_by_hand_says(act: Act) -> None:
    wrong = []
    for asked, who, about, answer in cells():
        if asked is act:
            expected = SAID.get((act.value, who, about), Code.NOT_ALLOWED.value)
            got = "yes" if answer is None else answer.value
            if got != expected:
                wrong.append(f"{who} | {about.what} | {about.how}: {got}, and the table says {expected}")
    assert wrong == []


def test_the_table_names_acts_and_answers_that_exist() -> None:
    assert {act for act, _, _ in SAID} == {act.value for act in Act}
    assert set(SAID.values()) <= {"yes", *(code.value for code in Code)}


def test_the_page_says_what_the_code_answers_today() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: .venv/bin/python -m docs.write_permissions"


ids = st.sampled_from(["a", "b", "c"])
some_field = st.sampled_from(["kesehatan", "penelitian", None])
some_opd = st.sampled_from(["bappeda", "dpupr", None])
actors = st.builds(
    Actor,
    id=ids,
    name=st.just("Contoh"),
    role=st.sampled_from(Role),
    field=some_field,
    opd=some_opd,
    is_head=st.booleans(),
    on_behalf_of=st.sampled_from([None, "Contoh Rekan"]),
)
subjects = st.builds(
    Subject,
    applicant_id=ids | st.none(),
    role=st.sampled_from(Role) | st.none(),
    field=some_field,
    opd=some_opd,
    opds=st.lists(st.sampled_from(["bappeda", "dpupr"]), max_size=2).map(tuple),
    verified_by=st.lists(ids, max_size=2).map(tuple),
    assigned_to=ids | st.none(),
    author_id=ids | st.none(),
)
MAY_EVER = {(act, who) for (act, who, _), answer in SAID.items() if answer == "yes"}


@given(actors, st.sampled_from(Act), subjects)
def test_no_role_gains_an_act_that_the_table_gives_it_nowhere(actor: Actor, act: Act, about: Subject) -> None:
    if refusal(actor, act, about) is None:
        who = {actor.role.value} | ({"opd_head"} if actor.role is Role.OPD else set())
        assert any((act.value, one) in MAY_EVER for one in who)


@given(actors, st.sampled_from(Act), subjects)
def test_nobody_of_the_office_judges_or_presses_their_own_case(actor: Actor, act: Act, about: Subject) -> None:
    judging = {Act.DECIDE, Act.SIGN, Act.SIGN_ANSWER, Act.ACT_FOR_APPLICANT, Act.KEY_IN_ANSWER, Act.STEER_OPD}
    judging |= {Act.TAKE_OVER, Act.ASSIGN, Act.ASK_WHY, Act.OPEN_REVOCATION, Act.APPLY_FOR}
    if act in judging and about.applicant_id == actor.id and actor.role is not Role.APPLICANT:
        assert refusal(actor, act, about) is not None


@given(actors, subjects)
def test_who_may_not_decide_may_not_sign_and_who_judged_before_signs_never(actor: Actor, about: Subject) -> None:
    if refusal(actor, Act.SIGN, about) is None:
        assert refusal(actor, Act.DECIDE, about) is None
        assert actor.role is Role.HEAD_OF_OFFICE
        assert actor.id not in about.verified_by


@given(actors, subjects, st.sampled_from(Act))
def test_a_lent_desk_gives_what_the_desk_may_and_no_more(actor: Actor, about: Subject, act: Act) -> None:
    lent = actor.model_copy(update={"on_behalf_of": "Contoh Rekan"})
    own = actor.model_copy(update={"on_behalf_of": None})
    assert refusal(lent, act, about) == refusal(own, act, about)
