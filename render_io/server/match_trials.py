"""Match trials: what can be told without matching pictures.

A trial extracts features from two drawn tiles. Until the service draws, a well-formed request is refused with 501; so
there are no stored trials, and every question after one is answered as for an unknown trial.
"""

from __future__ import annotations

import re
from typing import Any

from render_io.server.answers import Answer, BadRequest, Missing, ServiceError
from render_io.server.jackson import Int32, read_body
from render_io.server.match_store import utf16_order
from render_io.server.routing import Call, ServiceRouter
from render_io.server.spec_model import Document

__all__ = ["router"]

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_TILE_URL = re.compile(r".*/tile/([^/]+)/render-parameters.*", re.S)

router = ServiceRouter()


class NotDrawn(ServiceError):
    """501: needs pictures, which this service does not draw yet."""

    status = 501


class FeatureParameters(Document):
    """How features are found and matched; here only whether that is said at all."""

    siftFeatureParameters: dict[str, Any] | None = None
    matchDerivationParameters: dict[str, Any] | None = None
    pClipPosition: str | None = None
    clipPixels: Int32 | None = None


class TrialParameters(Document):
    """Body of a trial."""

    featureAndMatchParameters: FeatureParameters | None = None
    pRenderParametersUrl: str | None = None
    qRenderParametersUrl: str | None = None


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
    trial = read_body(call.body, TrialParameters)
    if trial is None:
        raise BadRequest("no parameters provided")
    _check_features(trial.featureAndMatchParameters)
    if trial.pRenderParametersUrl is None:
        raise BadRequest("pRenderParametersUrl is not defined")
    if trial.qRenderParametersUrl is None:
        raise BadRequest("qRenderParametersUrl is not defined")
    p, q = _tile_of(trial.pRenderParametersUrl), _tile_of(trial.qRenderParametersUrl)
    if utf16_order(p) > utf16_order(q):
        raise BadRequest(
            f"P and Q render parameters URLs must be swapped because P canvasId {p} is greater than Q canvasId {q}"
        )
    raise NotDrawn("match trials need pictures of both tiles, which this service does not draw yet")


def _check_features(features: FeatureParameters | None) -> None:
    if features is None:
        raise BadRequest("featureAndMatchParameters are not defined")
    if features.siftFeatureParameters is None:
        raise BadRequest("siftFeatureParameters must be defined")
    if features.matchDerivationParameters is None:
        raise BadRequest("matchDerivationParameters must be defined")
    if features.pClipPosition is not None and features.clipPixels is None:
        raise BadRequest("clipPixels must be defined when pClipPosition is defined")
    if features.pClipPosition is None and features.clipPixels is not None:
        raise BadRequest("pClipPosition must be defined when clipPixels is defined")


def _tile_of(url: str) -> str:
    found = _TILE_URL.fullmatch(url)
    if found is None:
        raise BadRequest(f"tileUrlString '{url}' does not match pattern")
    return found[1]
