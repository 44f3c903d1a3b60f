"""What keeps look-ups and jobs from working on this machine, and what to do about it."""
