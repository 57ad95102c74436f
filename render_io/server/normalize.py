"""Which transforms of a tile count when it is drawn for matching."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from render_io.server.routing import Call
from render_io.server.spec_model import TransformSpec
from render_io.server.transform_store import children

__all__ = ["Normalization"]

LENS = "lens"
MAX_WITHOUT_LABELS = 2


@dataclass(frozen=True)
class Normalization:
    """The query options that leave transforms out.

    Attributes
    ----------
    for_matching : bool
        ``normalizeForMatching``: the origin is (0, 0), and without labels to go by the last transform is left out.
    exclude_all : bool or None
        ``excludeAllTransforms``: it is its presence that switches to labels, also when it is false.
    after_last, first_and_after : frozenset of str
        Labels: what comes after the last transform with one of the former is left out, then the first with one of the
        latter and all after it.
    """

    for_matching: bool
    exclude_all: bool | None
    after_last: frozenset[str]
    first_and_after: frozenset[str]

    @classmethod
    def of(cls, call: Call, *, false_is_absent: bool = False) -> Normalization:
        """Read the options of a request; with `false_is_absent` a false ``excludeAllTransforms`` is none at all."""
        exclude_all = call.option_flag("excludeAllTransforms")
        return cls(
            for_matching=call.option_flag("normalizeForMatching") is True,
            exclude_all=exclude_all or (None if false_is_absent else exclude_all),
            after_last=frozenset(call.options("excludeTransformsAfterLast")),
            first_and_after=frozenset(call.options("excludeFirstTransformAndAllAfter")),
        )

    @property
    def by_labels(self) -> bool:
        """Whether labels decide."""
        return self.exclude_all is not None or bool(self.after_last) or bool(self.first_and_after)

    @property
    def changes_transforms(self) -> bool:
        """Whether the box must be derived anew."""
        return self.by_labels or self.for_matching

    def kept(self, nested: TransformSpec, flat: list[TransformSpec]) -> list[TransformSpec]:
        """Return the transforms that are left.

        Parameters
        ----------
        nested : TransformSpec
            The tile's list as stored.
        flat : list of TransformSpec
            Its leaves and interpolated specs, references replaced.

        Returns
        -------
        list of TransformSpec
            A part of `flat`.
        """
        if self.by_labels:
            if self.exclude_all:
                return []
            return _before_first(_until_last(flat, self.after_last), self.first_and_after)
        if not self.for_matching:
            return flat
        if _has_label(nested, LENS):
            return _until_last(flat, {LENS})
        return flat[:-1][:MAX_WITHOUT_LABELS]


def _until_last(flat: Sequence[TransformSpec], labels: Collection[str]) -> list[TransformSpec]:
    marked = [i for i, spec in enumerate(flat) if _labels(spec) & set(labels)]
    return list(flat[: marked[-1] + 1] if marked else flat)


def _before_first(flat: Sequence[TransformSpec], labels: Collection[str]) -> list[TransformSpec]:
    marked = [i for i, spec in enumerate(flat) if _labels(spec) & set(labels)]
    return list(flat[: marked[0]] if marked else flat)


def _labels(spec: TransformSpec) -> set[str]:
    return set(spec.metaData.labels or ()) if spec.metaData is not None else set()


def _has_label(spec: TransformSpec, label: str) -> bool:
    """Tell whether a list or one of its members has a label; what references lead to does not count, as in Java."""
    return label in _labels(spec) or (spec.type == "list" and any(_has_label(child, label) for child in children(spec)))
