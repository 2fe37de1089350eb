"""Who decided and until when it can be undone; accounts, sessions, tokens; evidence; signed roots; what changed when."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

DECIDED = (("decided_by", sa.String(80)), ("decided_at", sa.Text()), ("undo_until", sa.Text()))
# One row for each event that moved an object, with the moment of the next one: clocks and statistics read nothing else.
_VIEW = """CREATE VIEW state_change AS
SELECT number, object, seq, at, actor, role, action, source, target,
       LEAD(at) OVER (PARTITION BY object ORDER BY seq) AS until
FROM (SELECT number, object, seq, at, actor, role, action, {source} AS source, {target} AS target FROM event
      WHERE {target} IS NOT NULL AND action NOT LIKE 'refused:%') AS moved"""

_JSON = "(payload::jsonb ->> 'KEY')"
# With trusted_schema off, SQLite refuses JSON functions in a view. The payload is canonical JSON, in which a quotation mark
# within a text is escaped, so these characters are a key and the beginning of its text, and nothing else.
_MARK = """'"KEY":"'"""
_TEXT = f"""CASE WHEN instr(payload, {_MARK}) > 0 THEN
  substr(payload, instr(payload, {_MARK}) + length({_MARK}),
         instr(substr(payload, instr(payload, {_MARK}) + length({_MARK})), '"') - 1) END"""


def upgrade() -> None:
    for name, kind in DECIDED:
        op.add_column("drb_case", sa.Column(name, kind, nullable=True))
        op.add_column("release", sa.Column(name, kind, nullable=True))
    op.add_column("release", sa.Column("assignee", sa.String(80), nullable=True))
    # Two releases of one case are common, and pages ask for the events of one object: these carry the pages.
    op.create_index("ix_drb_case_site", "drb_case", ["site_id", "state"], unique=False)
    op.create_index("ix_outbox_person", "outbox", ["person_id", "sent_at"], unique=False)
    _accounts()
    op.create_table(
        "evidence",
        sa.Column("release_name", sa.String(80), nullable=False),
        sa.Column("manifest_digest", sa.String(128), nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["release_name"], ["release.name"]),
        sa.PrimaryKeyConstraint("release_name", "manifest_digest"),
    )
    op.create_table(
        "ledger_root",
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    postgres = op.get_bind().dialect.name == "postgresql"
    part = _JSON if postgres else _TEXT
    op.execute(_VIEW.format(source=part.replace("KEY", "from"), target=part.replace("KEY", "to")))


def _accounts() -> None:
    op.create_table(
        "account",
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.Text(), nullable=True),
        sa.Column("oidc_id", sa.String(400), nullable=True),
        sa.Column("invited_hash", sa.String(64), nullable=True),
        sa.Column("invited_until", sa.Text(), nullable=True),
        sa.Column("email_id", sa.String(80), nullable=True),
        sa.Column("lang", sa.String(2), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["email_id"], ["personal_text.id"]),
        sa.PrimaryKeyConstraint("person_id"),
        sa.UniqueConstraint("oidc_id"),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sign_in_session_person", "sign_in_session", ["person_id"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("person_id", sa.String(80), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )


def downgrade() -> None:
    op.execute("DROP VIEW state_change")
    for table in ("ledger_root", "evidence", "api_token"):
        op.drop_table(table)
    op.drop_index("ix_sign_in_session_person", table_name="sign_in_session")
    for table in ("sign_in_session", "account"):
        op.drop_table(table)
    op.drop_index("ix_outbox_person", table_name="outbox")
    op.drop_index("ix_drb_case_site", table_name="drb_case")
    op.drop_column("release", "assignee")
    for name, _ in reversed(DECIDED):
        op.drop_column("release", name)
        op.drop_column("drb_case", name)
