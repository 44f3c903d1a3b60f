"""What was bought: the record of every purchase, in memory or on disk."""
