"""The ORM does not read the source of the models for comments: there are none, and it would take time."""

from __future__ import annotations

import inspect
import sys

import pytest
from tortoise import fields
from tortoise.models import Model

from gallery.db.connection import MODELS
from gallery.db.model_comments import skip_model_comments


@pytest.mark.parametrize("module", MODELS)
def test_no_model_has_comments_that_describe_columns(module: str) -> None:
    assert "#:" not in inspect.getsource(sys.modules[module])


def test_they_are_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    skip_model_comments()
    monkeypatch.setattr(inspect, "getsource", lambda of: pytest.fail("the source was read"))

    class Described(Model):
        #: The name on the wall.
        name = fields.TextField()

    assert Described._meta.fields_map["name"].description is None
