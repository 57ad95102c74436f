"""From specs to objects; and lists, references and blends under the name that they have in renderapi."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from render_io._spec_json import Spec, describe, sane_depth
from render_io.errors import SpecError
from render_io.transform._wire import WireObject
from render_io.transform.interpolated import InterpolatedTransform
from render_io.transform.leaf.utils import leaf_of, load_leaf_json
from render_io.transform.lists import TransformList
from render_io.transform.references import ReferenceTransform

__all__ = [
    "InterpolatedTransform", "ReferenceTransform", "TransformList", "load_leaf_json", "load_transform_json",
    "transform_of",
]  # fmt: skip

_LOADERS: Final[dict[str, Callable[[Spec], WireObject]]] = {
    "leaf": load_leaf_json,
    "list": lambda d: TransformList(json=d),
    "ref": lambda d: ReferenceTransform(json=d),
    "interpolated": lambda d: InterpolatedTransform(json=d),
}


@sane_depth
def load_transform_json(d: Spec, default_type: str = "leaf") -> Any:
    """Make the object of a transform spec.

    Parameters
    ----------
    d : dict
        Any transform spec; copied, not kept.
    default_type : {"leaf", "list", "ref", "interpolated"}
        What a spec without type is.

    Returns
    -------
    Transform, TransformList, ReferenceTransform or InterpolatedTransform
        Which writes the spec back as it is, until it is changed.

    Raises
    ------
    RenderError
        An unknown type, a missing member, or a text that Java refuses (all SpecError); the path names the place.
    """
    if not isinstance(d, dict):
        raise SpecError(f"expected a transform spec (an object), got {describe(d)}")
    kind = d.get("type")
    kind = default_type if kind is None else kind
    loader = _LOADERS.get(kind) if isinstance(kind, str) else None
    if loader is None:
        raise SpecError(f"expected one of the types {', '.join(_LOADERS)}, got {describe(kind)}", path="type")
    return loader(d)


def transform_of(spec: Any) -> Any:
    """Make the object of a transform spec, which is taken over; otherwise as `load_transform_json`."""
    is_leaf = isinstance(spec, dict) and spec.get("type", "leaf") == "leaf"
    return leaf_of(spec) if is_leaf else load_transform_json(spec)
