"""Options of the match clients as objects, each of which knows its command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from render_io.client import argv

__all__ = [
    "ArgumentParameters",
    "FeatureExtractionParameters",
    "MatchDerivationParameters",
    "SiftPointMatchOptions",
]


class ArgumentParameters:
    """Options whose names are the attributes.

    Parameters
    ----------
    *args
        None: what arrives here was not understood by the class that was made, and is a TypeError.
    **kwargs
        None: what arrives here was not understood by the class that was made, and is a TypeError.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            unknown = [*map(repr, args), *kwargs]
            raise TypeError(f"{type(self).__name__}() got unexpected arguments: {', '.join(unknown)}")

    @staticmethod
    def sanitize_cmd(cmd: Iterable[Any]) -> list[str]:
        """Text of every argument; ClientScriptError for None."""
        return [argv.text_of(argument) for argument in cmd]

    @staticmethod
    def get_cmd_opt(v: Any, flag: str | None = None) -> list[Any]:
        """``[flag, v]``, ``[v]`` without a flag, nothing for None."""
        return [] if v is None else [v] if flag is None else [flag, v]

    @staticmethod
    def get_flag_cmd(v: Any, flag: str | None = None) -> list[str]:
        """``[flag]`` when `v` is true."""
        return [flag] if v and flag is not None else []

    def to_java_args(self) -> list[str]:
        """``--name value`` of every option that is set."""
        return argv.valued(**vars(self))


class FeatureExtractionParameters(ArgumentParameters):
    """Options of the extraction of SIFT features; None leaves one to the client.

    Parameters
    ----------
    SIFTfdSize : int, optional
        Size of the descriptor.
    SIFTmaxScale, SIFTminScale : float, optional
        Range of scales.
    SIFTsteps : int, optional
        Steps per octave.
    **kwargs
        Options of the other classes.
    """

    def __init__(
        self,
        SIFTfdSize: int | None = None,
        SIFTmaxScale: float | None = None,
        SIFTminScale: float | None = None,
        SIFTsteps: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.SIFTfdSize = SIFTfdSize
        self.SIFTmaxScale = SIFTmaxScale
        self.SIFTminScale = SIFTminScale
        self.SIFTsteps = SIFTsteps


class MatchDerivationParameters(ArgumentParameters):
    """Options of the derivation of matches from features; None leaves one to the client.

    Parameters
    ----------
    matchIterations : int, optional
        RANSAC iterations.
    matchMaxEpsilon : float, optional
        Largest error of an inlier, in pixels of the rendered picture.
    matchMaxNumInliers : int, optional
        Most and least inliers of a pair.
    matchMaxTrust, matchMinInlierRatio : float, optional
        Filters of the inliers.
    matchMinNumInliers : int, optional
        Most and least inliers of a pair.
    matchModelType : str, optional
        TRANSLATION, RIGID, SIMILARITY or AFFINE.
    matchRod : float, optional
        Ratio of distances of the best candidates.
    **kwargs
        Options that the client got later, such as ``matchMaxEpsilonFullScale`` and ``matchFilter``, and options of the
        other classes.
    """

    LATER = frozenset(
        {
            "matchMaxEpsilonFullScale",
            "matchFilter",
            "matchRegularizerModelType",
            "matchInterpolatedModelLambda",
            "matchFullScaleCoverageRadius",
            "matchMinCoveragePercentage",
        }
    )

    def __init__(
        self,
        matchIterations: int | None = None,
        matchMaxEpsilon: float | None = None,
        matchMaxNumInliers: int | None = None,
        matchMaxTrust: float | None = None,
        matchMinInlierRatio: float | None = None,
        matchMinNumInliers: int | None = None,
        matchModelType: str | None = None,
        matchRod: float | None = None,
        **kwargs: Any,
    ) -> None:
        later = {name: kwargs.pop(name) for name in sorted(self.LATER & set(kwargs))}
        super().__init__(**kwargs)
        self.matchIterations = matchIterations
        self.matchMaxEpsilon = matchMaxEpsilon
        self.matchMaxNumInliers = matchMaxNumInliers
        self.matchMaxTrust = matchMaxTrust
        self.matchMinInlierRatio = matchMinInlierRatio
        self.matchMinNumInliers = matchMinNumInliers
        self.matchModelType = matchModelType
        self.matchRod = matchRod
        vars(self).update(later)


class SiftPointMatchOptions(MatchDerivationParameters, FeatureExtractionParameters):
    """All options of the match clients.

    Parameters
    ----------
    renderScale : float, optional
        Scale at which tiles are drawn.
    fillWithNoise : bool, optional
        Draw noise where a tile has nothing.
    **kwargs
        Options of `MatchDerivationParameters` and `FeatureExtractionParameters`; nothing else.
    """

    NAMES = MatchDerivationParameters.LATER | {
        *("renderScale", "fillWithNoise", "SIFTfdSize", "SIFTmaxScale", "SIFTminScale", "SIFTsteps"),
        *("matchIterations", "matchMaxEpsilon", "matchMaxNumInliers", "matchMaxTrust", "matchMinInlierRatio"),
        *("matchMinNumInliers", "matchModelType", "matchRod"),
    }

    def __init__(self, renderScale: float | None = None, fillWithNoise: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.renderScale = renderScale
        self.fillWithNoise = fillWithNoise
