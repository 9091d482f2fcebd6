"""The system tables beside the entities' own: append-only but for those marked derived. No key, index or constraint.

Why none: updates through an index are 50 to 300 times slower than delete and insert, and index corruption is the one
class of DuckDB fault that loses rows silently; uniqueness is asserted by queries inside the transaction instead.
"""

from __future__ import annotations

FORMAT = 2  # of the database; a newer one is refused, an older one migrated after a copy

SYSTEM = (
    "CREATE TABLE meta (key VARCHAR, value VARCHAR)",
    "CREATE TABLE op (op BIGINT, kind VARCHAR, acted_at VARCHAR, who VARCHAR, detail VARCHAR)",
    """CREATE TABLE import_batch (
        import_id BIGINT, op BIGINT, file VARCHAR, format VARCHAR, source VARCHAR, form VARCHAR, received_at VARCHAR,
        valid_on VARCHAR, file_sha256 VARCHAR, content_sha256 VARCHAR, who VARCHAR, mapping_sha256 VARCHAR,
        emergency VARCHAR, rows BIGINT, accepted BIGINT, waiting BIGINT)""",
    # One row of one sheet; the source rows of every entity it speaks of share its rec_id. `tie` is the content's last
    # word where trust and date are equal; `rec_key` identifies the row by content and place, never by arrival.
    """CREATE TABLE record (
        rec_id BIGINT, import_id BIGINT, sheet VARCHAR, row INTEGER, entity VARCHAR, waiting BOOLEAN,
        rec_key VARCHAR, tie BIGINT, part INTEGER)""",
    # One table of a batch: which form it is, of which place and which period. Tables equal in these are editions of one
    # sheet. `part` counts the tables of a batch from 0; `known` its bound columns; `partial`: only the rows to mend.
    """CREATE TABLE edition (
        import_id BIGINT, part INTEGER, form VARCHAR, place VARCHAR, period VARCHAR, known INTEGER, partial BOOLEAN)""",
    "CREATE TABLE link (rec_id BIGINT, entity VARCHAR, entity_id BIGINT, op BIGINT)",
    """CREATE TABLE judgement (
        entity VARCHAR, "left" BIGINT, "right" BIGINT, answer VARCHAR, who VARCHAR, judged_at VARCHAR,
        reason VARCHAR, op BIGINT)""",
    """CREATE TABLE problem (
        import_id BIGINT, sheet VARCHAR, row INTEGER, "column" INTEGER, header VARCHAR, field VARCHAR, code VARCHAR,
        level VARCHAR, message VARCHAR, message_en VARCHAR)""",
    """CREATE TABLE left_out (
        import_id BIGINT, sheet VARCHAR, row INTEGER, "column" INTEGER, reason VARCHAR, reason_en VARCHAR)""",
    # What a column of a batch was bound to: lets every value name its source column.
    """CREATE TABLE binding (
        import_id BIGINT, sheet VARCHAR, "column" INTEGER, header VARCHAR, entity VARCHAR, field VARCHAR)""",
    """CREATE TABLE delivery (
        delivery_id BIGINT, op BIGINT, form VARCHAR, mapping_sha256 VARCHAR, template_sha256 VARCHAR, params VARCHAR,
        rows BIGINT, cells BIGINT, recipient VARCHAR, file VARCHAR, sha256 VARCHAR, content_sha256 VARCHAR)""",
    # What a person said a column (key: header path) or a sheet's first rows (key: their hash) are; the newest row of a
    # kind, about and key is in force. A null field is "nothing"; `forgotten` takes the answer back.
    """CREATE TABLE memory (
        number BIGINT, kind VARCHAR, about VARCHAR, key VARCHAR, entity VARCHAR, field VARCHAR, first_row INTEGER,
        last_row INTEGER, shown VARCHAR, forgotten BOOLEAN, who VARCHAR, said_at VARCHAR, file VARCHAR, op BIGINT)""",
    # A version of the link model (JSON) and why it was made; the newest is what all edges are weighed by. None: default.
    "CREATE TABLE model (version VARCHAR, op BIGINT, parameters VARCHAR, sha256 VARCHAR, note VARCHAR)",
    # Derived: may be dropped and rebuilt.
    "CREATE TABLE superseded (rec_id BIGINT, entity VARCHAR)",  # rows that a newer edition of their sheet replaces
    "CREATE TABLE block_key (rec_id BIGINT, rule UTINYINT, key UBIGINT)",
    """CREATE TABLE edge (
        "left" BIGINT, "right" BIGINT, weight DOUBLE, probability DOUBLE, verdict VARCHAR, reason VARCHAR,
        levels VARCHAR)""",
    """CREATE TABLE review ("left" BIGINT, "right" BIGINT, weight DOUBLE, reason VARCHAR)""",
)

# The newest link of a record to an entity of a kind is the one in force; a null entity_id ends it.
VIEWS = (
    """CREATE OR REPLACE VIEW current_link AS
       SELECT rec_id, entity, max_by(entity_id, op) AS entity_id FROM link GROUP BY rec_id, entity
       HAVING max_by(coalesce(entity_id, -1), op) >= 0""",
)
