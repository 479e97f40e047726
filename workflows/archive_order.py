"""The renewal of archives as it is ordered: by the schedule, or by an operator. Imports permits alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client, WorkflowHandle

from workflows.messages import QueueNames

ARCHIVE_REFRESH_WORKFLOW = "ArchiveRefreshWorkflow"
"""The name under which histories know it; never changed."""
MARGIN = timedelta(days=400)
"""How long before its end an archive is renewed: more than a year, so that a year of failures is no loss."""


class Cursor(BaseModel):
    """The last place of a page: the most urgent come first."""

    model_config = ConfigDict(frozen=True)

    until: AwareDatetime
    letter_sha256: str


class Counts(BaseModel):
    """What a run has done so far."""

    model_config = ConfigDict(frozen=True)

    seen: int = 0  # letters that the register named
    renewed: int = 0  # a new version each
    lasting: int = 0  # were never measured before, and last longer than asked
    waiting: int = 0  # the authority's own certificate does not last longer yet
    gone: int = 0  # in the register no more
    failed: dict[str, int] = {}  # by code
    stopped: str | None = None  # the code of the service whose absence ended the run early


class ArchiveRefreshOrder(BaseModel):
    """The input of ArchiveRefreshWorkflow; what a run carries over to its next history as well."""

    model_config = ConfigDict(frozen=True)

    before: AwareDatetime | None = None  # archives that end earlier; None: within the margin
    page: int = 50  # letters of one history
    after: Cursor | None = None
    offered: AwareDatetime | None = None  # how long a timestamp of today lasts
    counts: Counts = Counts()


class ArchiveRefreshReport(BaseModel):
    """The result of a run."""

    model_config = ConfigDict(frozen=True)

    before: AwareDatetime
    counts: Counts
    urgent: int  # letters whose archive ends within thirty days, after the run
    failing: dict[str, int] = {}  # letters that failed three times or more, by code


async def order_archive_refresh(
    client: Client, before: datetime | None, now: datetime
) -> WorkflowHandle[None, ArchiveRefreshReport]:
    """Starts a run of an operator's own, beside the daily one: both may go at once."""
    return await client.start_workflow(
        ARCHIVE_REFRESH_WORKFLOW,
        ArchiveRefreshOrder(before=before),
        id=f"archive-refresh-manual-{now:%Y%m%dT%H%M%S}",
        task_queue=QueueNames.MAIN,
        result_type=ArchiveRefreshReport,
        static_summary="Pembaruan arsip surat atas permintaan petugas sistem",
    )
