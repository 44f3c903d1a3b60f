"""What hears all that is told in a test."""

import pytest
from listening import Listening


@pytest.fixture
def heard() -> Listening:
    return Listening()
