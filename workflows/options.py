"""Named time-outs and retry policies, each with its reason.

A policy is chosen by what may fail, not by which activity runs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy


class ActivityOptions(TypedDict, total=False):
    """The part of an activity's options that a policy decides."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


WORKER_LIVES = timedelta(seconds=3)
"""Workers heartbeat each second for every activity: three seconds of silence mean that the process is gone."""

SIGNER_LIVES = timedelta(seconds=10)
"""The signing worker judges PDFs between its beats, up to four of them, each a second of work where a machine is busy
with ten other things. One that is taken for dead by mistake leaves a letter at a remote provider with an outcome that
nobody knows, and a head who has to sign it again."""

OWN_STORE = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=5),
    heartbeat_timeout=WORKER_LIVES,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
)
"""Our own database and object store: a write takes milliseconds, so five seconds of silence mean a dead worker.
Tried for ever: a case cannot go on without its record, and the store comes back."""

RENDERING = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=20),
    heartbeat_timeout=WORKER_LIVES,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), backoff_coefficient=2, maximum_interval=timedelta(minutes=1)
    ),
)
"""Typesetting takes a fraction of a second; the rest is room for a loaded machine. Tried for ever, slowly: a template
that fails is mended by a release, and the case goes on by itself."""

SIGNING = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=90),
    heartbeat_timeout=SIGNER_LIVES,
    schedule_to_close_timeout=timedelta(minutes=10),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
)
"""A signature needs the timestamp authority and the revocation service. An activation lives for minutes: when they are
away for longer, the letter goes back to the head's task rather than wait on a dead consent. A remote provider may take
a minute to answer; a worker that dies meanwhile is known by its heartbeat."""

SIGNING_BATCH = ActivityOptions(
    start_to_close_timeout=timedelta(minutes=4),
    heartbeat_timeout=SIGNER_LIVES,
    schedule_to_close_timeout=timedelta(minutes=10),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
    ),
)
"""One call that carries up to twenty letters, on the way and back; what cannot be sent while the activation lives goes
back to the head's task."""

SERVICE_PAUSES = (5.0, 10.0, 20.0, 30.0)
"""Seconds between two tries while an outside signing service is away; the last one over and over."""

ERRAND = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=20),
    heartbeat_timeout=WORKER_LIVES,
    schedule_to_close_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=500), backoff_coefficient=2, maximum_interval=timedelta(seconds=10)
    ),
)
"""A person waits at the screen: what the signing worker has not done within two minutes is asked for again by hand."""

SEALING = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=60),
    heartbeat_timeout=WORKER_LIVES,
    schedule_to_close_timeout=timedelta(days=30),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
    ),
)
"""The office's seal needs no person: where the timestamp authority is away or the key cannot be opened, operators mend
that and the sealing goes on by itself. After a month somebody has to look: the failure stands in the engine's list."""

READING_STRANGERS = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=90),
    heartbeat_timeout=WORKER_LIVES,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)
"""A file of strangers is read in a process with limits of its own: 30 s to start and 25 s for the file at most."""

OUTSIDE = ActivityOptions(
    start_to_close_timeout=timedelta(seconds=20),
    heartbeat_timeout=WORKER_LIVES,
    schedule_to_close_timeout=timedelta(days=3),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
    ),
)
"""Outside bodies (mail, registries): away for hours at times, seldom for days; after three days the failure is a
line of the case's record."""

COMPILING = ActivityOptions(
    start_to_close_timeout=timedelta(minutes=3),
    heartbeat_timeout=WORKER_LIVES,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)
"""Reads a month of all cases and typesets it: seconds, minutes on a loaded machine. Tried for ever: nobody asks again
for a report that was to come by itself."""

ARCHIVING = ActivityOptions(
    start_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=WORKER_LIVES,
    schedule_to_close_timeout=timedelta(hours=12),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
    ),
)
"""A renewal asks the timestamp authority and judges a letter of many years: seconds. Its own failures are answers; what
is tried again is the store's absence, or that of the signing worker, through the night: tomorrow another run begins."""
