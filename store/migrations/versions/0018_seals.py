"""What the office has sealed; certificates of agencies' officers, who sign their recommendations and nothing else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sealed_documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("opd", sa.String(), nullable=True),
        sa.Column("original_sha256", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("pdf_sha256", sa.String(), nullable=False),
        sa.Column("sealed_sha256", sa.String(), nullable=False),
        sa.Column("certificate_sha256", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("discarded_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "purpose in ('wet_letter', 'validation_report')", name=op.f("ck_sealed_documents_purpose_known")
        ),
        sa.CheckConstraint("form in ('as_is', 'wrapped', 'record')", name=op.f("ck_sealed_documents_form_known")),
        sa.ForeignKeyConstraint(
            ["number"], ["applications.number"], name=op.f("fk_sealed_documents_number_applications")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_documents")),
        sa.UniqueConstraint("sealed_sha256", name=op.f("uq_sealed_documents_sealed_sha256")),
    )
    op.create_index(op.f("ix_sealed_documents_number"), "sealed_documents", ["number"])
    op.create_index(op.f("ix_sealed_documents_original_sha256"), "sealed_documents", ["original_sha256"])
    op.create_index(op.f("ix_sealed_documents_expires_at"), "sealed_documents", ["expires_at"])
    op.add_column(
        "signed_letters", sa.Column("field_name", sa.String(), nullable=False, server_default=sa.text("'Kepala'"))
    )
    op.add_column("mandates", sa.Column("opd", sa.String(), nullable=True))
    op.drop_constraint(op.f("ck_mandates_capacity_known"), "mandates")
    op.create_check_constraint(
        op.f("ck_mandates_capacity_known"), "mandates", "capacity in ('definitive', 'plh', 'plt', 'opd')"
    )
    op.create_check_constraint(
        op.f("ck_mandates_agency_named"), "mandates", "(capacity = 'opd') = (opd IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_mandates_agency_named"), "mandates")
    op.drop_constraint(op.f("ck_mandates_capacity_known"), "mandates")
    op.execute("DELETE FROM mandates WHERE capacity = 'opd'")
    op.create_check_constraint(
        op.f("ck_mandates_capacity_known"), "mandates", "capacity in ('definitive', 'plh', 'plt')"
    )
    op.drop_column("mandates", "opd")
    op.drop_column("signed_letters", "field_name")
    op.drop_table("sealed_documents")
