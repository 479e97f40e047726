"""Versions never overlap, whatever is drafted, published and retired, in whatever order."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from permits.definition import PermitDefinition, version_for
from permits.definition_life import publish, retire
from permits.definition_loader import load_definitions
from permits.errors import Code, RuleError

[FIRST] = [one for one in load_definitions() if one.code == "izin-penelitian"]
START = date(2026, 1, 1)
days = st.integers(min_value=-5, max_value=40)
moves = st.lists(
    st.tuples(st.sampled_from(["publish", "retire", "day"]), days, st.none() | st.integers(min_value=0, max_value=30)),
    max_size=25,
)


def live(history: list[tuple[str, int, int | None]]) -> dict[int, PermitDefinition]:
    """All versions after a history of moves on passing days."""
    versions, today = {1: FIRST}, START
    for what, offset, lasts in history:
        if what == "day":
            today += timedelta(days=abs(offset))
        elif what == "retire":
            version = 1 + abs(offset) % len(versions)
            versions[version] = retire(versions[version], today)
        else:
            begins = today + timedelta(days=offset)
            ends = None if lasts is None else begins + timedelta(days=lasts)
            dates = {"effective_from": begins, "effective_until": ends}
            draft = FIRST.model_copy(update={"version": len(versions) + 1, "status": "draft", **dates})
            versions[draft.version] = draft
            try:
                versions |= {one.version: one for one in publish(versions.values(), draft, today)}
            except RuleError as refused:
                assert (refused.code is Code.PERIOD_INVALID) == (begins < today)
    return versions


@given(moves)
def test_on_every_day_one_version_at_most_is_in_force(history: list[tuple[str, int, int | None]]) -> None:
    versions = live(history)
    for offset in range(0, 1200, 3):
        day = START + timedelta(days=offset)
        in_force = [
            one
            for one in versions.values()
            if one.status == "published"
            and one.effective_from <= day
            and (one.effective_until is None or day <= one.effective_until)
        ]
        assert len(in_force) <= 1
        if in_force:
            assert version_for(tuple(versions.values()), day) == in_force[0]


@given(moves)
def test_no_version_ends_before_it_begins_and_its_words_stay(history: list[tuple[str, int, int | None]]) -> None:
    life = {"version", "status", "effective_from", "effective_until"}
    for one in live(history).values():
        PermitDefinition.model_validate(one.model_dump())
        assert one.model_dump(exclude=life) == FIRST.model_dump(exclude=life)
