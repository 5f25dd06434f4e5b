"""The list of features: where the order of routes and chores matters, and where it must not."""

from __future__ import annotations

import re

from starlette.routing import Route

from gallery.app import CHORES, FEATURES, feature_routes

SAMPLES = {"int": "7", "language": "zh", "path": "a/b"}


def sample_path(route: Route) -> str:
    """A path that `route` matches."""
    return re.sub(r"\{\w+(?::(\w+))?\}", lambda field: SAMPLES.get(field[1], "abc"), route.path)


def test_public_pictures_are_the_first_routes_and_withdrawals_the_first_chore() -> None:
    assert feature_routes()[0].name == "media:show"
    assert "withdrawal" in CHORES[0].name


def test_every_route_and_chore_of_a_feature_is_mounted_once() -> None:
    routes = [(route.path, route.name) for feature in FEATURES for route in feature.ROUTES]
    assert sorted((route.path, route.name) for route in feature_routes()) == sorted(routes)
    assert len(set(routes)) == len(routes)
    assert len({chore.name for chore in CHORES}) == len(CHORES)


def test_no_path_is_matched_by_the_routes_of_two_features() -> None:
    """So the order of features decides only how quickly a route is found."""
    for feature in FEATURES:
        others = [route for other in FEATURES if other is not feature for route in other.ROUTES]
        for route in feature.ROUTES:
            path = sample_path(route)
            assert route.path_regex.fullmatch(path), path
            assert not [other.path for other in others if other.path_regex.fullmatch(path)], path
