"""The tests of pictures open each one anew."""

import pytest


@pytest.fixture(autouse=True)
def kept_sandbox_answers() -> None:
    """No kept answers: these tests are about the sandbox."""
