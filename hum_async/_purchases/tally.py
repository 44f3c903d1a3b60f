"""How purchases are counted, in SQL that SQLite and PostgreSQL share."""

TALLY = """
SELECT
  count(token),
  count(*) FILTER (WHERE token IS NULL AND NOT copied
                   AND (outcome IS NULL OR outcome = 'UNCERTAIN')),
  count(*) FILTER (WHERE token IS NOT NULL AND outcome IS NULL AND superseded IS NULL),
  count(*) FILTER (WHERE outcome IS NOT NULL AND superseded IS NULL),
  count(*) FILTER (WHERE copied AND superseded IS NULL),
  count(*) FILTER (WHERE superseded IS NULL)
FROM purchase
"""
"""The counts of `Tally`, in the order of its fields; a condition may follow."""
