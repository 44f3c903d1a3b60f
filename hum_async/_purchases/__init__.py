"""The record of every purchase, in memory or on disk."""
