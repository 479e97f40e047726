"""The register of permits knows what was issued before it; cases about a permit are found by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# The last day is that of `LetterForm.valid_until`: the same day months later, the 28th for later days. An office that
# has continued permits before has none that names the old one, so nothing is renewed here.
BACKFILL = """
INSERT INTO permits (
    number, number_text, permit_type, title, holder_id, holder_name, issued_on, valid_until, status, continues, practice
)
SELECT
    a.number, l.number_text, a.permit_type, coalesce(d.form ->> 'title', a.title), a.applicant_id,
    coalesce(nullif(a.party ->> 'name', ''), nullif(a.party #>> '{proxy,principal_name}', ''), p.name), l.letter_date,
    CASE WHEN (d.form ->> 'validity_months') IS NULL THEN NULL ELSE (
        date_trunc('month', l.letter_date::timestamp)
        + make_interval(months => (d.form ->> 'validity_months')::int)
        + make_interval(days => least(extract(day FROM l.letter_date)::int, 28) - 1)
    )::date END,
    'in_force', a.old_permit, a.practice
FROM letters l
JOIN applications a ON a.number = l.number
JOIN accounts p ON p.id = a.applicant_id
LEFT JOIN definitions v ON v.code = a.permit_type AND v.version = a.definition_version
CROSS JOIN LATERAL (SELECT coalesce(a.submission #> '{definition,letter}', v.body -> 'letter') AS form) d
WHERE l.purpose = 'permit' AND l.status = 'issued'
ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.create_index(
        "ix_applications_about_permit",
        "applications",
        ["about_permit"],
        postgresql_where=sa.text("about_permit IS NOT NULL"),
    )
    op.execute(BACKFILL)


def downgrade() -> None:
    op.drop_index("ix_applications_about_permit", "applications")
