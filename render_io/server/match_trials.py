"""Match trials: what can be told without matching pictures.

A trial extracts features from two drawn tiles. Until the service draws, a well-formed request is refused with 501; so
there are no stored trials, and every question after one is answered as for an unknown trial.
"""

from __future__ import annotations

import re
from typing import Any

from render_io.server.answers import Answer, BadRequest, Missing, ServiceError
from render_io.server.match_scalars import as_object, as_text
from render_io.server.match_store import utf16_order
from render_io.server.routing import Call, ServiceRouter

__all__ = ["router"]

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_TILE_URL = re.compile(r".*/tile/([^/]+)/render-parameters.*", re.S)

router = ServiceRouter()


class NotDrawn(ServiceError):
    """501: needs pictures, which this service does not draw yet."""

    status = 501


def _trial_id(call: Call) -> str:
    trial = call.path["trial"]
    if not _OBJECT_ID.fullmatch(trial):
        raise BadRequest(f"invalid hexadecimal representation of an ObjectId: [{trial}]")
    return trial


@router.answers("GET", "/owner/{owner}/matchTrial/{trial}")
def get_trial(call: Call) -> Answer:
    """No trial is stored."""
    raise Missing(f"match trial with id '{_trial_id(call)}' does not exist in the match.aaa_match_trial collection")


@router.answers("DELETE", "/owner/{owner}/matchTrial/{trial}", produces=None)
def delete_trial(call: Call) -> Answer:
    """Nothing to delete is fine."""
    _trial_id(call)
    return Answer(200)


@router.answers("POST", "/owner/{owner}/matchTrial", consumes="application/json")
def run_trial(call: Call) -> Answer:
    """Check the parameters in the service's order; a trial itself is not run."""
    parameters = as_object(call.json(), "match trial parameters")
    if parameters is None:
        raise BadRequest("no parameters provided")
    _check_features(as_object(parameters.get("featureAndMatchParameters"), "featureAndMatchParameters"))
    p_url, q_url = (as_text(parameters.get(name), name) for name in ("pRenderParametersUrl", "qRenderParametersUrl"))
    if p_url is None:
        raise BadRequest("pRenderParametersUrl is not defined")
    if q_url is None:
        raise BadRequest("qRenderParametersUrl is not defined")
    p, q = _tile_of(p_url), _tile_of(q_url)
    if utf16_order(p) > utf16_order(q):
        raise BadRequest(
            f"P and Q render parameters URLs must be swapped because P canvasId {p} is greater than Q canvasId {q}")
    raise NotDrawn("match trials need pictures of both tiles, which this service does not draw yet")


def _check_features(features: dict[str, Any] | None) -> None:
    if features is None:
        raise BadRequest("featureAndMatchParameters are not defined")
    for name in ("siftFeatureParameters", "matchDerivationParameters"):
        if as_object(features.get(name), name) is None:
            raise BadRequest(f"{name} must be defined")
    clipped, pixels = features.get("pClipPosition") is not None, features.get("clipPixels") is not None
    if clipped and not pixels:
        raise BadRequest("clipPixels must be defined when pClipPosition is defined")
    if pixels and not clipped:
        raise BadRequest("pClipPosition must be defined when clipPixels is defined")


def _tile_of(url: str) -> str:
    found = _TILE_URL.fullmatch(url)
    if found is None:
        raise BadRequest(f"tileUrlString '{url}' does not match pattern")
    return found[1]
