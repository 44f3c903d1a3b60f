"""The journal: purchases in one SQLite file."""
