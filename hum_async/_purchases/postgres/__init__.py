"""The record of every purchase in PostgreSQL, for any number of processes at once."""
