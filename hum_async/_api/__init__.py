"""The remote contract: every endpoint, every variant of its answers, and how a request is sent."""
