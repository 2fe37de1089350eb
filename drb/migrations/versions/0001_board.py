"""People, cases, releases, grants, votes, the ledger and what stands beside it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chain_head",
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("object"),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "event",
        sa.Column("number", COUNTED, nullable=False),
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(30), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("object_digest", sa.String(128), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_object", "event", ["object", "seq"], unique=True)
    op.create_table(
        "organisation",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("name_ko", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("site_id", sa.String(80), nullable=True),
        sa.Column("serves", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "personal_text",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.String(128), nullable=False),
        sa.Column("erased_at", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("organisation_id", sa.String(80), nullable=False),
        sa.Column("name_id", sa.String(80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["name_id"],
            ["personal_text.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "drb_case",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("study_id", sa.String(80), nullable=False),
        sa.Column("site_id", sa.String(80), nullable=False),
        sa.Column("organisation_id", sa.String(80), nullable=False),
        sa.Column("applicant_id", sa.String(80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("tables", sa.Text(), nullable=False),
        sa.Column("wished", sa.Text(), nullable=False),
        sa.Column("irb_reference", sa.String(200), nullable=False),
        sa.Column("route", sa.String(40), nullable=True),
        sa.Column("assignee", sa.String(80), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["applicant_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_drb_case_state", "drb_case", ["state"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outbox_unsent", "outbox", ["sent_at"], unique=False)
    op.create_table(
        "role_assignment",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("proposed_by", sa.String(80), nullable=False),
        sa.Column("confirmed_by", sa.String(80), nullable=True),
        sa.Column("end_proposed_by", sa.String(80), nullable=True),
        sa.Column("ended_by", sa.String(80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_role_assignment_person", "role_assignment", ["person_id"], unique=False)
    op.create_table(
        "vote",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("object", sa.String(100), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("choice", sa.String(40), nullable=False),
        sa.Column("bound", sa.Text(), nullable=False),
        sa.Column("words_id", sa.String(80), nullable=True),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("voided_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["words_id"],
            ["personal_text.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_vote_standing",
        "vote",
        ["object", "person_id"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.create_table(
        "case_comment",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(40), nullable=False),
        sa.Column("words_id", sa.String(80), nullable=False),
        sa.Column("answer_id", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["answer_id"],
            ["personal_text.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["drb_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["words_id"],
            ["personal_text.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_comment_case", "case_comment", ["case_id"], unique=False)
    op.create_table(
        "case_condition",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("words_id", sa.String(80), nullable=True),
        sa.Column("evidence_id", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["drb_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"],
            ["personal_text.id"],
        ),
        sa.ForeignKeyConstraint(
            ["words_id"],
            ["personal_text.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_condition_case", "case_condition", ["case_id"], unique=False)
    op.create_table(
        "case_person",
        sa.Column("id", COUNTED, nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["drb_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_person", "case_person", ["case_id", "person_id", "kind"], unique=True)
    op.create_table(
        "release",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("study_id", sa.String(80), nullable=False),
        sa.Column("site_id", sa.String(80), nullable=False),
        sa.Column("manifest_digest", sa.String(128), nullable=False),
        sa.Column("policy_digest", sa.String(128), nullable=False),
        sa.Column("cdm_digest", sa.String(128), nullable=False),
        sa.Column("built_by", sa.String(80), nullable=False),
        sa.Column("author_id", sa.String(80), nullable=True),
        sa.Column("checked_digest", sa.String(128), nullable=True),
        sa.Column("tables", sa.Text(), nullable=False),
        sa.Column("smallest_class", sa.Integer(), nullable=True),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("approved", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.String(80), nullable=True),
        sa.Column("approved_at", sa.Text(), nullable=True),
        sa.Column("released_at", sa.Text(), nullable=True),
        sa.Column("successor", sa.String(80), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approved_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["built_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["case_id"],
            ["drb_case.id"],
        ),
        sa.ForeignKeyConstraint(
            ["successor"],
            ["release.name"],
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_release_case", "release", ["case_id"], unique=False)
    op.create_index("ix_release_state", "release", ["state"], unique=False)
    op.create_table(
        "release_grant",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("release_name", sa.String(80), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("terms_digest", sa.String(128), nullable=True),
        sa.Column("accepted_at", sa.Text(), nullable=True),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.String(80), nullable=True),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["personal_text.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["release_name"],
            ["release.name"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_release_grant", "release_grant", ["release_name", "person_id"], unique=False)


def downgrade() -> None:

    op.drop_index("ix_release_grant", table_name="release_grant")
    op.drop_table("release_grant")
    op.drop_index("ix_release_state", table_name="release")
    op.drop_index("ix_release_case", table_name="release")
    op.drop_table("release")
    op.drop_index("ix_case_person", table_name="case_person")
    op.drop_table("case_person")
    op.drop_index("ix_case_condition_case", table_name="case_condition")
    op.drop_table("case_condition")
    op.drop_index("ix_case_comment_case", table_name="case_comment")
    op.drop_table("case_comment")
    op.drop_index(
        "ix_vote_standing",
        table_name="vote",
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )
    op.drop_table("vote")
    op.drop_index("ix_role_assignment_person", table_name="role_assignment")
    op.drop_table("role_assignment")
    op.drop_index("ix_outbox_unsent", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("ix_drb_case_state", table_name="drb_case")
    op.drop_table("drb_case")
    op.drop_table("person")
    op.drop_table("personal_text")
    op.drop_table("organisation")
    op.drop_index("ix_event_object", table_name="event")
    op.drop_table("event")
    op.drop_table("counter")
    op.drop_table("chain_head")
