"""The outlook of a running case and the check of its definition add up the same days."""

from __future__ import annotations

from permits.definition_loader import load_definitions
from permits.outlook import days_after, plan_fits
from permits.promise_check import needed_days
from tests.workflows.builders import a_definition, an_agency, recommendation, retribution


def test_the_outlook_counts_both_office_tasks_of_a_retribution() -> None:
    definition = a_definition(retribution(working_days=3))
    [at] = [index for index, stage in enumerate(definition.stages) if stage.kind == "retribution"]
    assert days_after(definition.stages, at - 1) - days_after(definition.stages, at) == 6


def test_agencies_of_one_stage_count_as_the_slowest() -> None:
    definition = a_definition(recommendation(an_agency("bappeda", 2), an_agency("dpupr", 5)))
    assert days_after(definition.stages, 0) == 5 + 2 + 2


def test_a_plan_fits_exactly_from_the_days_on_that_its_definition_needs() -> None:
    for definition in (*load_definitions(), a_definition(retribution(working_days=3))):
        needed = needed_days(definition)
        assert plan_fits(definition, needed) and not plan_fits(definition, needed - 1), definition.code
