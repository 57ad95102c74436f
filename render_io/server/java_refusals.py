"""What the Java service says of a leaf that it can't make into a transform.

`codecs.decode` refuses the same texts with messages of its own; clients of the service compare Java's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from render_io.codecs import names
from render_io.codecs._numbers import parse_double, parse_int
from render_io.codecs._text import blank_fields, comma_fields, white_fields
from render_io.server.answers import BadRequest, Failure, ServiceError
from render_io.server.spec_model import TransformSpec

__all__ = ["check_leaf", "refusal", "unusable"]

_INTERFACE = "interface mpicbg.trakem2.transform.CoordinateTransform"
_MODELS = "mpicbg.models."
_OTHER_CLASSES = frozenset(
    [_MODELS + f"{kind}Model{n}D" for kind in ("Affine", "Translation") for n in (1, 2, 3)]
    + [_MODELS + f"{kind}Model{n}D" for kind in ("Rigid", "Similarity") for n in (2, 3)]
    + [_MODELS + name for name in ("HomographyModel2D", "IdentityModel", "CoordinateTransformList")]
    + [_MODELS + name for name in ("InvertibleCoordinateTransformList", "TransformList")]
    + [f"java.lang.{name}" for name in ("Object", "String", "StringBuilder", "StringBuffer", "Thread", "Exception")]
)
"""Classes that exist and can be made, but are no transforms of this kind."""
_NOT_MADE = frozenset(
    [
        "mpicbg.trakem2.transform.CoordinateTransform",
        "mpicbg.trakem2.transform.InvertibleCoordinateTransform",
        "org.janelia.alignment.transform.CurveFitterTransform",
        "org.janelia.alignment.transform.MultiStripScanCorrectionTransform",
    ]
    + [
        _MODELS + name
        for name in (
            "AbstractAffineModel2D",
            "AbstractModel",
            "Affine2D",
            "CoordinateTransform",
            "CoordinateTransformMesh",
            "InterpolatedAffineModel1D",
            "InterpolatedAffineModel2D",
            "InterpolatedAffineModel3D",
            "InterpolatedCoordinateTransform",
            "InterpolatedModel",
            "InvertibleCoordinateTransform",
            "Model",
            "TransformMesh",
        )
    ]
    + [
        f"java.lang.{name}"
        for name in ("Boolean", "Class", "Double", "Float", "Integer", "Long", "Math", "Number", "System")
    ]
)
"""Classes that exist, but have no constructor without parameters."""
_INDEX = Failure("Index 2 out of bounds for length 2")


def check_leaf(spec: TransformSpec) -> tuple[str, str]:
    """Return class and data of a leaf.

    Parameters
    ----------
    spec : TransformSpec
        A leaf.

    Returns
    -------
    tuple of str
        className and dataString.

    Raises
    ------
    BadRequest
        When one is missing.
    """
    for name, value in (("className", spec.className), ("dataString", spec.dataString)):
        if value is None:
            raise BadRequest(
                f"no {name} defined for leaf transform spec with id '{'null' if spec.id is None else spec.id}'"
            )
    assert spec.className is not None
    assert spec.dataString is not None
    return spec.className, spec.dataString


def refusal(class_name: str, data: str) -> ServiceError | None:
    """Return the error with which Java would refuse to make a transform, None when it makes one.

    Parameters
    ----------
    class_name, data : str
        Of a leaf.

    Returns
    -------
    ServiceError or None
        With Java's text.
    """
    if class_name in _OTHER_CLASSES:
        return BadRequest(f"transform class '{class_name}' does not implement the '{_INTERFACE}' interface")
    if class_name in _NOT_MADE:
        return BadRequest(f"failed to create instance of transform class '{class_name}'")
    if class_name in names.LISTS:
        return BadRequest(f"There is no parameter based initialisation for {class_name}")
    rule = _RULES.get(class_name)
    if rule is None:
        return BadRequest(f"transform class '{class_name}' cannot be found")
    try:
        rule(class_name, data)
    except _Refused as refused:
        return BadRequest(str(refused))
    except IndexError:
        return Failure("Index 1 out of bounds for length 1")
    return None


def unusable(class_name: str, data: str) -> ServiceError:
    """Return the error for a leaf that codecs refuse or that has no map of the plane."""
    return refusal(class_name, data) or _INDEX


class _Refused(Exception):
    """Java's NumberFormatException or IllegalArgumentException."""


def _number(field: str) -> float:
    try:
        return parse_double(field)
    except ValueError:
        raise _Refused(_number_text(field)) from None


def _number_text(field: str) -> str:
    trimmed = field.strip()
    if not trimmed:
        return "empty String"
    head = trimmed.lstrip("+-").split("e")[0].split("E")[0]
    if head.count(".") > 1 and head.partition(".")[0].isdigit():
        return "multiple points"
    return f'For input string: "{trimmed}"'


def _integer(field: str) -> int:
    try:
        return parse_int(field)
    except ValueError:
        raise _Refused(f'For input string: "{field}"') from None


def _inappropriate(class_name: str) -> _Refused:
    return _Refused(f"Inappropriate parameters for {class_name}")


def _white(data: str) -> Sequence[str]:
    return white_fields(data, "").fields


def _counted(count: int) -> Callable[[str, str], None]:
    def rule(class_name: str, data: str) -> None:
        fields = _white(data)
        if len(fields) != count:
            raise _inappropriate(class_name)
        for field in fields:
            _number(field)

    return rule


def _polynomial(_: str, data: str) -> None:
    for field in _white(data):
        _number(field)


def _lens(class_name: str, data: str) -> None:
    fields = blank_fields(data, "").fields
    _integer(fields[0])
    length = _integer(fields[1])
    if len(fields) != 4 + 4 * length:
        raise _inappropriate(class_name)
    for field in fields[2:-2]:
        _number(field)
    for field in fields[-2:]:
        _integer(field)


def _thin_plate_spline(class_name: str, data: str) -> None:
    from render_io.codecs import decode
    from render_io.errors import SpecError

    fields = _white(data)
    _integer(fields[1])
    _integer(fields[2])
    affine, _ = fields[3], fields[4]
    try:
        decode(class_name, data)
    except SpecError as error:
        part = "affine matrix" if affine != "null" and "field 3" in error.reason else "landmarks and weights"
        raise _Refused(f"Failed decoding {part}.") from None


def _moving_least_squares(class_name: str, data: str) -> None:
    fields = _white(data)
    if len(fields) <= 3:
        raise _inappropriate(class_name)
    width = 2 * _integer(fields[1]) + 1
    if width <= 0 or (len(fields) - 3) % width or fields[0] not in ("translation", "rigid", "similarity", "affine"):
        raise _inappropriate(class_name)
    for field in fields[2:]:
        _number(field)


def _warp_field(_: str, data: str) -> None:
    fields = _white(data)
    if len(fields) < 8:
        raise _Refused("warp field data must contain at least 8 fields")
    for field in fields[:4]:
        _number(field)
    cells = _integer(fields[4]) * _integer(fields[5])
    encoded = fields[7] not in ("none", "null")
    expected = 9 if encoded else 8 + 6 * cells
    if len(fields) != expected:
        raise _Refused(f"expected warp field data to contain {expected} fields but found {len(fields)} instead")
    if "InterpolatorFactory" not in fields[6]:
        raise _Refused(f"class '{fields[6]}' cannot be found")
    for field in [] if encoded else fields[8:]:
        _number(field)


def _offsets(coefficients: int) -> Callable[[str, str], None]:
    def rule(_: str, data: str) -> None:
        fields = comma_fields(data, "").fields
        if len(fields) != coefficients + 1:
            raise _Refused(
                f"transform data must contain {coefficients + 1} comma separated values ({coefficients} coefficients"
                f" followed by dimension), found {len(fields)} values instead"
            )
        for field in fields[:-1]:
            _number(field)
        _integer(fields[-1])

    return rule


_RULES: dict[str, Callable[[str, str], None]] = {
    names.AFFINE: _counted(6),
    names.TRANSLATION: _counted(2),
    names.RIGID: _counted(3),
    names.SIMILARITY: _counted(4),
    names.HOMOGRAPHY: _counted(9),
    names.AFFINE_3D: _counted(12),
    names.TRANSLATION_3D: _counted(3),
    names.POLYNOMIAL: _polynomial,
    names.LENS: _lens,
    "lenscorrection.NonLinearTransformDeleteMe": _lens,
    names.THIN_PLATE_SPLINE: _thin_plate_spline,
    names.MLS: _moving_least_squares,
    names.MLS2: _moving_least_squares,
    names.WARP_FIELD: _warp_field,
    names.SEM_DISTORTION: _offsets(4),
    names.EXPONENTIAL_FUNCTION: _offsets(3),
    names.EXPONENTIAL_RECOVERY: _offsets(3),
}


def is_known(class_name: str) -> bool:
    """Return whether the service can make transforms of this class."""
    return class_name in _RULES
