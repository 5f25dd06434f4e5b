"""The tests of pictures open each one anew; in `make quick`, those that only look at the answers may take kept ones."""

import pytest

from gallery.images.sandbox import parent
from tests.sandbox_answers import keeping_answers


@pytest.fixture(autouse=True)
def kept_sandbox_answers() -> None:
    """No kept answers: these tests are about the sandbox."""


@pytest.fixture
def kept_in_quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In `make quick`, an answer that was kept since the last change of gallery/images will do."""
    if request.config.option.markexpr == "quick":
        monkeypatch.setattr(parent, "run_child", keeping_answers(parent.run_child))
