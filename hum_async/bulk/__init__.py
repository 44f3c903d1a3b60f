"""Qualification jobs: many addresses, from a file to a file."""

from hum_async.bulk.qualification import JobStatistics, QualificationStream, qualify

__all__ = ["JobStatistics", "QualificationStream", "qualify"]
