"""One address from POST to result, and the queue of look-ups under way."""
