"""An office with many open cases, made by the database itself; and the plans of what a session asks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

PEOPLE = """
INSERT INTO accounts (id, email, name, password_hash, role, is_head, active, is_demo, created_at,
    nik_warnings, notice_channel, digest, locale, at_counter)
SELECT 'orang-' || n, 'orang-' || n || '@contoh.invalid', 'Contoh ' || n, '-', 'applicant', false, true, true, now(),
    '[]', 'email', false, 'id', false
FROM generate_series(1, %(people)s) n
"""
CASES = """
INSERT INTO applications (number, applicant_id, permit_type, variant, title, field, data, delivery, status, created_at,
    submitted_at, started_at, event_count, event_head, channel, practice, procedure)
SELECT 'PRM-2026-' || lpad(n::text, 6, '0'), 'orang-' || (1 + n %% %(people)s), 'jenis-' || (n %% 69), 'new',
    'Izin Contoh ' || (n %% 69), 'bidang-' || (n %% 8), '{"nama": "contoh"}', 'download', 'in_progress', now(), now(),
    now(), 0, repeat('0', 64), 'web', false, 'permit'
FROM generate_series(1, %(cases)s) n
"""
# Roles by their share of the open cases; an agency's are spread over twelve, a back office's over eight fields.
OPEN = """
INSERT INTO tasks (id, number, applicant_id, permit_type, desk_field, workflow_id, kind, role, stage, holder, field,
    opd, subject_sha256, opened_at, due_at, working_days, wanted_documents, photos, verified_by, instructions, people,
    return_to, assigned_to, assigned_to_name, rungs_fallen, status)
SELECT a.number || '.open.1', a.number, a.applicant_id, a.permit_type, a.field, a.number, r.kind, r.role, 'Tahap',
    'Pemegang', CASE WHEN r.role = 'back_office' THEN a.field END,
    CASE WHEN r.role = 'opd' THEN 'opd' || (n %% 12) END, repeat('a', 64), now(),
    now() + (n %% 11521 - 960) * interval '1 minute', 1, '[]', 0, '["petugas-9"]', '', '[]', '[]',
    CASE WHEN n %% 5 = 0 THEN 'petugas-' || (n %% 35) END, CASE WHEN n %% 5 = 0 THEN 'Contoh' END,
    CASE WHEN n %% 11521 < 480 THEN 1 + n %% 3 ELSE 0 END, 'open'
FROM (SELECT *, row_number() OVER (ORDER BY number) AS n FROM applications) a
JOIN (VALUES (0, 21, 'front_office', 'verification'), (21, 51, 'back_office', 'assessment'),
    (51, 72, 'opd', 'recommendation'), (72, 80, 'applicant', 'repair'), (80, 84, 'technical_team', 'inspection'),
    (84, 88, 'sub_coordinator', 'desk_check'), (88, 92, 'coordinator', 'desk_check'),
    (92, 95, 'head_of_division', 'paraf'), (95, 99, 'head_of_office', 'signing'),
    (99, 100, 'coordinator', 'overdue')) AS r (from_, to_, role, kind)
ON (n * 37) %% 100 >= r.from_ AND (n * 37) %% 100 < r.to_
"""
CLOSED = """
INSERT INTO tasks (id, number, applicant_id, permit_type, desk_field, workflow_id, kind, role, stage, holder,
    subject_sha256, opened_at, due_at, working_days, wanted_documents, photos, verified_by, instructions, people,
    return_to, rungs_fallen, status, decision, closed_at)
SELECT a.number || '.closed.' || k, a.number, a.applicant_id, a.permit_type, a.field, a.number, 'verification',
    'front_office', 'Tahap', 'Pemegang', repeat('a', 64), now(), now(), 1, '[]', 0, '[]', '', '[]', '[]', 0, 'decided',
    'verdicts', now()
FROM applications a, generate_series(1, 2) k
"""


def fill(url: str, cases: int) -> None:
    """Open cases with one open task and two closed ones each; all people are fictional."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        sizes = {"cases": cases, "people": max(1, cases // 10)}
        for statement in (PEOPLE, CASES, OPEN, CLOSED):
            connection.execute(statement, sizes)
        connection.execute("VACUUM ANALYZE")


@contextmanager
def statements_of(engine: AsyncEngine) -> Iterator[list[tuple[str, Any]]]:
    """What is asked meanwhile, with its parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def plans_of(engine: AsyncEngine, asked: list[tuple[str, Any]]) -> list[str]:
    """The plan of each SELECT."""
    plans = []
    async with engine.connect() as connection:
        for statement, parameters in asked:
            if statement.lstrip().upper().startswith("SELECT"):
                found = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                plans.append("\n".join(row[0] for row in found))
    return plans
