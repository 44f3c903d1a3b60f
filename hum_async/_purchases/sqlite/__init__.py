"""The purchase store in one SQLite file: the journal of a job."""
