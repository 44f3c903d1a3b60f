"""Many sessions: which one is polled next, and what its answer means."""
