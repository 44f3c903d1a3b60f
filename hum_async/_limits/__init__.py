"""How fast: pace, pause, the limit that is found, and what headers say of it. Synchronous."""
