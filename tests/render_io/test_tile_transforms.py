"""Transforms of a tile: a list like any other, whose elements become objects when they are touched."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_io import _json, tilespec
from render_io._spec_list import load_transform
from render_io.errors import SpecError
from render_io.tilespec import TileSpec
from render_io.transform import AffineModel, ReferenceTransform, TransformList
from tests.render_io.documents import exactly, tile

AFFINE = "mpicbg.trakem2.transform.AffineModel2D"
ONE = {"type": "leaf", "className": AFFINE, "dataString": "1 0  0 1 5.50 7"}
TWO = {"className": AFFINE, "dataString": "2.0 0.0 0.0 2.0 1.0 1.0", "extra": [1, 1.0, 1e2], "id": "two"}
REFERENCE = {"refId": "LENS", "type": "ref"}
LIST = {"type": "list", "specList": [ONE, {"type": "interpolated", "a": ONE, "b": TWO, "lambda": "0.5"}]}
SPECS = [REFERENCE, ONE, TWO, LIST]

MAKERS: dict[str, Callable[[dict[str, Any]], TileSpec]] = {
    "text": lambda document: TileSpec.from_json(json.dumps(document).encode()),
    "texts": lambda document: tilespec.loads(json.dumps([document, document]).encode())[1],
    "values": lambda document: TileSpec(json=document),
}
made_of = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def document(*specs: Any, **members: Any) -> dict[str, Any]:
    """A tile with transforms."""
    return tile("t", transforms={"id": "outer", "specList": list(specs), "type": "list"}, **members)


def both_ways(spec: TileSpec) -> dict[str, Any]:
    """What is written as text, which is also what is written as values."""
    written: dict[str, Any] = json.loads(spec.to_json())
    assert exactly(written) == exactly(spec.to_dict())
    return written


def refuse_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("render_io._tile_transforms.load_transform", lambda spec: pytest.fail("read"))


# -- When elements are read --------------------------------------------------------------------------------------------


def test_only_what_is_touched_is_read(monkeypatch):
    read = []
    monkeypatch.setattr(
        "render_io._tile_transforms.load_transform", lambda spec: (read.append(dict(spec)), load_transform(spec))[1]
    )
    transforms = MAKERS["text"](document(*SPECS)).tforms
    assert (len(transforms), bool(transforms), read) == (4, True, [])
    assert (transforms[-2].transformId, read) == ("two", [TWO])
    assert [type(transform) for transform in transforms[:2]] == [ReferenceTransform, AffineModel]
    assert read == [TWO, REFERENCE, ONE]
    list(transforms)
    list(transforms)
    assert read == [TWO, REFERENCE, ONE, LIST]


def test_changing_the_list_reads_nothing(monkeypatch):
    refuse_reading(monkeypatch)
    spec, new = MAKERS["text"](document(*SPECS)), AffineModel(B0=3)
    spec.tforms.append(new)
    spec.tforms.insert(0, new)
    spec.tforms[1] = new
    spec.tforms += [new]
    del spec.tforms[2]
    spec.tforms.extend([new])
    spec.tforms.reverse()
    shift = new.to_dict()
    assert both_ways(spec)["transforms"] == {
        "id": "outer", "specList": [shift, shift, shift, LIST, TWO, shift, shift], "type": "list",
    }  # fmt: skip
    spec.tforms.clear()
    assert both_ways(spec)["transforms"]["specList"] == []


@made_of
def test_an_element_is_one_object(make):
    spec = make(document(*SPECS))
    for index in range(-4, 4):
        assert spec.tforms[index] is spec.tforms[index]
    assert spec.tforms is spec.tforms
    assert all(a is b for a, b in zip(spec.tforms, list(spec.tforms), strict=True))
    assert spec.tforms[2] is spec.tforms[1:][1] is spec.tforms.copy()[2] is copy.copy(spec.tforms)[2]


@made_of
def test_all_kinds_become_objects_and_come_back(make):
    spec = make(document(*SPECS))
    assert [type(t) for t in spec.tforms] == [ReferenceTransform, AffineModel, AffineModel, TransformList]
    assert exactly(both_ways(spec)) == exactly(document(*SPECS))


# -- A list like any other ---------------------------------------------------------------------------------------------

BEHAVIOURS: dict[str, Callable[[list[Any], Any], Any]] = {
    "add": lambda t, new: t + [new],
    "radd": lambda t, new: [new] + t,
    "add itself": lambda t, new: t + t,
    "sum": lambda t, new: sum([t, t], []),  # noqa: RUF017
    "times": lambda t, new: 2 * t * 2,
    "times itself": lambda t, new: t.__imul__(2),
    "add to itself": lambda t, new: t.__iadd__(t),
    "extend itself": lambda t, new: (t.extend(t), t)[1],
    "itself into itself": lambda t, new: (t.__setitem__(slice(1, 2), t), t)[1],
    "into another": lambda t, new: [new, *t, *t],
    "slice": lambda t, new: t[::-2],
    "set slice": lambda t, new: (t.__setitem__(slice(0, 2), [new]), t)[1],
    "delete slice": lambda t, new: (t.__delitem__(slice(1, None)), t)[1],
    "pop": lambda t, new: [t.pop(), t.pop(0), *t],
    "remove": lambda t, new: (t.remove(t[1]), t)[1],
    "reverse": lambda t, new: (t.reverse(), t)[1],
    "reversed": lambda t, new: list(reversed(t)),
    "sort": lambda t, new: (t.sort(key=lambda item: str(item.to_dict())), t)[1],
    "sorted": lambda t, new: sorted(t, key=lambda item: str(item.to_dict())),
    "tuple": lambda t, new: [*tuple(t)],
    "unpacked": lambda t, new: (lambda *items: list(items))(*t),
    "enumerate": lambda t, new: [item for _, item in enumerate(t)],
    "zip": lambda t, new: [item for pair in zip(t, t, strict=True) for item in pair],
    "array": lambda t, new: np.array(t, dtype=object).tolist(),
    "copy": lambda t, new: t.copy(),
    "deepcopy": lambda t, new: copy.deepcopy(t),
    "pickle": lambda t, new: pickle.loads(pickle.dumps(t)),
    "append": lambda t, new: (t.append(new), t)[1],
    "insert": lambda t, new: (t.insert(1, new), t)[1],
    "set": lambda t, new: (t.__setitem__(-1, new), t)[1],
}
ANSWERS: dict[str, Callable[[list[Any], Any], Any]] = {
    "len": lambda t, new: len(t),
    "in": lambda t, new: (t[1] in t, new in t, load_transform(dict(REFERENCE)) in t),
    "index": lambda t, new: t.index(load_transform(dict(TWO))),
    "count": lambda t, new: (t.count(t[0]), t.count(new)),
    "equal": lambda t, new: (t == [load_transform(json.loads(json.dumps(s))) for s in SPECS], [new] == t, t != list(t)),
    "other equal": lambda t, new: ([load_transform(json.loads(json.dumps(s))) for s in SPECS] == t, t == 3),
    "repr": lambda t, new: repr(t),
    "list": lambda t, new: isinstance(t, list),
    "bool": lambda t, new: bool(t),
}


@made_of
@pytest.mark.parametrize("behave", BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_it_does_as_a_list_of_objects_does(make, behave):
    new = AffineModel(B0=3)
    found = behave(make(document(*SPECS)).tforms, new)
    expected = behave([load_transform(spec) for spec in json.loads(json.dumps(SPECS))], new)
    assert isinstance(found, list)
    assert exactly([item.to_dict() for item in found]) == exactly([item.to_dict() for item in expected])
    same = [[a is b for b in found] for a in found]
    assert same == [[a is b for b in expected] for a in expected]


@made_of
@pytest.mark.parametrize("ask", ANSWERS.values(), ids=ANSWERS)
def test_it_answers_as_a_list_of_objects_does(make, ask):
    new = AffineModel(B0=3)
    objects = [load_transform(spec) for spec in json.loads(json.dumps(SPECS))]
    assert ask(make(document(*SPECS)).tforms, new) == ask(objects, new)


@made_of
def test_wrong_indices_are_refused(make):
    transforms = make(document(ONE)).tforms
    for index, error in ((1, IndexError), (-2, IndexError), ("a", TypeError)):
        with pytest.raises(error):
            _ = transforms[index]
    with pytest.raises(TypeError):
        _ = (1,) + transforms
    with pytest.raises(IndexError):
        make(document()).tforms.pop()


@made_of
def test_specs_that_a_user_puts_there_stay_specs(make):
    spec = make(document(*SPECS))
    own = {"type": "ref", "refId": "M"}
    spec.tforms.append(own)
    assert spec.tforms[-1] is own
    assert list(spec.tforms)[-1] is own
    own["refId"] = "N"
    assert both_ways(spec)["transforms"]["specList"][-1] == {"type": "ref", "refId": "N"}


# -- Copies ------------------------------------------------------------------------------------------------------------


@made_of
@pytest.mark.parametrize(
    "twin_of", [copy.deepcopy, lambda spec: pickle.loads(pickle.dumps(spec))], ids=["deep", "pickle"]
)
def test_copied_tiles_go_their_own_ways(make, twin_of, monkeypatch):
    spec = make(document(*SPECS))
    spec.tforms[1].B0 = 9
    twin = twin_of(spec)
    assert exactly(both_ways(twin)) == exactly(both_ways(spec))
    twin.tforms[2].B0 = 8
    twin.tforms[1].B0 = 5.5
    assert twin.to_dict()["transforms"]["specList"][1] == ONE
    assert (spec.tforms[1].B0, spec.tforms[2].B0) == (9, 1)
    assert spec.to_dict()["transforms"]["specList"][2] == TWO


# -- Changes are noticed -----------------------------------------------------------------------------------------------

CHANGES: dict[str, Callable[[Any], Any]] = {
    "in place": lambda t: t.M.__setitem__((0, 2), 6.0),
    "attribute": lambda t: setattr(t, "B0", 6.0),
    "matrix": lambda t: setattr(t, "M", t.M + np.array([[0, 0, 5], [0, 0, 0], [0, 0, 0]])),
    "text": lambda t: setattr(t, "dataString", "2.0 0.0 0.0 2.0 6.0 1.0"),
    "id": lambda t: setattr(t, "transformId", "other"),
    "labels": lambda t: setattr(t, "labels", ["a"]),
    "everything": lambda t: t.from_dict(ONE),
    "name": lambda t: setattr(t, "className", "mpicbg.trakem2.transform.SimilarityModel2D"),
}


@made_of
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_written_and_the_rest_stays(make, change):
    spec, changed = make(document(*SPECS, z=2)), load_transform(json.loads(json.dumps(TWO)))
    change(changed)
    change(spec.tforms[2])
    expected = document(REFERENCE, ONE, changed.to_dict(), LIST, z=2)
    assert changed.to_dict() != TWO
    assert exactly(both_ways(spec)) == exactly(expected)
    spec.z = 3
    assert exactly(both_ways(spec)) == exactly(expected | {"z": 3})


@made_of
@pytest.mark.parametrize(("before", "after"), [(0.0, -0.0), (-0.0, 0.0), ("-0", 0.0)])
def test_the_sign_of_a_weight_that_is_zero_counts(make, before, after):
    blend = {"type": "interpolated", "a": ONE, "b": TWO, "lambda": before}
    spec = make(document(blend, {"type": "list", "specList": [blend]}))
    spec.tforms[0].lambda_ = spec.tforms[1].tforms[0].lambda_ = after
    changed = blend | {"lambda": after}
    assert exactly(both_ways(spec)) == exactly(document(changed, {"type": "list", "specList": [changed]}))


def test_the_text_of_everything_else_stays():
    text = b'{"tileId" : "t",\n"transforms": {"specList":[ {"className":"%b", "dataString":"1 0 0 1 0 0"} , ' % (
        AFFINE.encode()
    )
    text += b'{"dataString":"1 0 0 1 0 1" ,"className":"%b","n":1.50} ] ,"more":1e2 }, "z": 1.50 }' % AFFINE.encode()
    [spec] = tilespec.loads(b"[" + text + b"]")
    assert [t.B1 for t in spec.tforms] == [0, 1]
    assert spec.to_json() == text
    spec.tforms[0].B0 = 0.5
    old, new = (
        b'{"className":"%b", "dataString":"1 0 0 1 0 0"}',
        b'{"className":"%b","dataString":"1.0 0.0 0.0 1.0 0.5 0.0"}',
    )
    assert spec.to_json() == text.replace(old % AFFINE.encode(), new % AFFINE.encode())
    spec.tforms[0].B0 = 0
    assert spec.to_json() == text


def test_transforms_that_are_alike_are_told_apart():
    for changed in (0, 1, 2):
        spec = MAKERS["text"](document(ONE, ONE, ONE, note=json.dumps(ONE)))
        spec.tforms[changed].B1 = 8
        expected = [ONE, ONE, ONE]
        expected[changed] = ONE | {"dataString": "1.0 0.0 0.0 1.0 5.5 8.0"}
        assert exactly(both_ways(spec)) == exactly(document(*expected, note=json.dumps(ONE)))


@given(st.text('{}"\\,:[] a', max_size=12), st.booleans())
def test_a_text_like_that_of_a_transform_is_left_alone(name, before):
    decoy = json.dumps(json.dumps({"className": AFFINE, "dataString": name}))
    fields = {"note": decoy, "other": [decoy, name]}
    members = document({"className": AFFINE, "dataString": "1 0 0 1 0 0", "extra": name})
    whole = fields | members if before else members | fields
    spec = MAKERS["text"](whole)
    spec.tforms[0].B0 = 2
    members["transforms"]["specList"][0]["dataString"] = "1.0 0.0 0.0 1.0 2.0 0.0"
    assert exactly(both_ways(spec)) == exactly(fields | members if before else members | fields)


@made_of
def test_transforms_that_move_to_another_tile_are_written_as_they_were_read(make):
    one, other = make(document(*SPECS)), make(document())
    other.tforms = [one.tforms[3], one.tforms[2]]
    other.tforms.append(one.tforms[1])
    assert exactly(both_ways(other)["transforms"]["specList"]) == exactly([LIST, TWO, ONE])
    one.tforms = one.tforms[::-1]
    assert exactly(both_ways(one)["transforms"]["specList"]) == exactly(SPECS[::-1])


# -- Errors ------------------------------------------------------------------------------------------------------------

MALFORMED = [
    None,
    3,
    {"className": AFFINE},
    {"type": "who"},
    {"className": AFFINE, "dataString": "1 2"},
    LIST | {"specList": [3]},
]


@made_of
@pytest.mark.parametrize("wrong", MALFORMED, ids=repr)
def test_what_is_malformed_is_told_with_its_place_at_every_touch(make, wrong):
    expected = document(ONE, wrong)
    for touch in (lambda t: t[1], list, lambda t: t.pop(), lambda t: t[-1:], lambda t: t == [], repr, lambda t: t + []):
        spec = make(expected)
        for _ in range(2):
            with pytest.raises(SpecError, match=r"tile t, transforms\.specList\[1\]") as caught:
                touch(spec.tforms)
            assert caught.value.tile_id == "t"
        assert exactly(both_ways(spec)) == exactly(expected)


def test_of_text_the_other_transforms_can_be_used():
    spec = MAKERS["text"](document(None, ONE))
    spec.tforms[1].B0 = 1
    assert spec.to_dict()["transforms"]["specList"][0] is None
    del spec.tforms[0]
    assert len(both_ways(spec)["transforms"]["specList"]) == 1


@pytest.mark.parametrize("transforms", [None, [], 3, {"specList": None}, {"specList": {}}, {}], ids=repr)
@made_of
def test_lists_that_are_none(make, transforms):
    whole = tile("t", transforms=transforms)
    spec = make(whole)
    if transforms in (None, {}):
        assert spec.tforms == []
    else:
        with pytest.raises(SpecError, match="tile t, transforms"):
            _ = spec.tforms
    assert exactly(both_ways(spec)) == exactly(whole)
    spec.tforms = [AffineModel()]
    assert len(both_ways(spec)["transforms"]["specList"]) == 1


def test_a_tile_without_transforms_or_id():
    spec = TileSpec.from_json(b'{"z":1}')
    assert spec.tforms == []
    assert spec.to_json() == b'{"z":1}'
    spec.tforms.append(AffineModel())
    assert [*both_ways(spec)] == ["z", "transforms"]
    with pytest.raises(SpecError, match=r"^transforms\.specList\[0\]"):
        _ = TileSpec.from_json(b'{"tileId":3,"transforms":{"specList":[1]}}').tforms[0]


def test_what_cannot_be_written_is_told_with_the_tile():
    spec = MAKERS["text"](document(ONE, TWO))
    spec.tforms[1].M = np.eye(3)[:, :2]
    with pytest.raises(Exception, match="expected matrix of shape"):
        spec.to_json()
    spec.tforms[1] = {"bad": float("nan")}
    with pytest.raises(SpecError, match=r"tile t.*finite"):
        spec.to_json()


@made_of
def test_what_cannot_be_written_is_told_with_its_place(make):
    spec = make(document(ONE, TWO))
    spec.tforms[1].labels = [float("nan")]
    with pytest.raises(SpecError, match=r"^tile t, transforms\.specList\[1\]\.metaData\.labels\[0\]: .*finite"):
        spec.to_json()
    nested = make(document(ONE, LIST))
    nested.tforms[1].tforms[1].b = None
    with pytest.raises(SpecError, match=r"^tile t, transforms\.specList\[1\]\.specList\[1\]\.b: "):
        nested.to_json()


@made_of
def test_text_without_utf_8_among_what_was_left_alone(make):
    """Half of a surrogate pair is written as JSON escapes it."""
    spec, alone = make(document(ONE, ONE, z=2**70)), ["\ud800"]
    spec.tforms[1].labels = alone
    expected = document(ONE, ONE | {"metaData": {"labels": alone}}, z=2**70)
    assert exactly(both_ways(spec)) == exactly(expected)
    spec.labels = alone
    assert exactly(both_ways(spec)) == exactly(expected | {"labels": alone})


def test_a_class_name_counts_whether_or_not_the_map_was_used():
    used, fresh = load_transform(dict(TWO)), load_transform(dict(TWO))
    used.tform([[0.0, 0.0]])
    for transform in (used, fresh):
        transform.className = "mpicbg.trakem2.transform.SimilarityModel2D"
        assert transform.to_dict() == TWO | {"className": transform.className, "dataString": "2.0 0.0 1.0 1.0"}
        assert transform.className.endswith("SimilarityModel2D")


def test_raw_values_are_read_when_they_are_copied():
    assert _json.copied({"a": _json.Raw(b'{"b":[1]}'), "c": [_json.Raw(b"2")]}) == {"a": {"b": [1]}, "c": [2]}
