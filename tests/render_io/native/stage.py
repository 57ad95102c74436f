"""A stack on the embedded service, and clients that are run on it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from render_io import http, native

AFFINE = "mpicbg.trakem2.transform.AffineModel2D"
PACKAGE = "org.janelia.render.client."


def leaf(data: str, class_name: str = AFFINE, **members: Any) -> dict[str, Any]:
    return {"type": "leaf", "className": class_name, "dataString": data, **members}


def tile(tile_id: str, x: float, y: float, z: float = 1.0, **members: Any) -> dict[str, Any]:
    spec = {
        "tileId": tile_id,
        "layout": {"sectionId": str(z), "imageRow": 0, "imageCol": 0},
        "z": z,
        "width": 100,
        "height": 100,
        "mipmapLevels": {"0": {"imageUrl": f"http://images/{tile_id}.png"}},
        "transforms": {"type": "list", "specList": [leaf(f"1 0 0 1 {x} {y}")]},
    }
    return spec | members


@dataclass
class Outcome:
    """What a client did."""

    code: int
    output: str
    errors: str


@dataclass
class Stage:
    """One stack of an owner of its own."""

    base: str
    owner: str
    stack: str = "s"

    @property
    def where(self) -> list[str]:
        return ["--baseDataUrl", self.base, "--owner", self.owner, "--project", "p"]

    def url(self, *parts: str, stack: str | None = None) -> str:
        return "/".join([self.base, "owner", self.owner, "project", "p", "stack", stack or self.stack, *parts])

    def fill(self, tiles: list[dict[str, Any]], shared: dict[str, Any] | None = None, stack: str | None = None) -> None:
        http.post_json(None, self.url(stack=stack), {"stackResolutionX": 4.0})
        body = {"transformIdToSpecMap": shared or {}, "tileIdToSpecMap": {spec["tileId"]: spec for spec in tiles}}
        http.put_json(None, self.url("resolvedTiles", stack=stack), body, {"deriveData": "true"})
        http.put_json(None, self.url("state", "COMPLETE", stack=stack), None)

    def get(self, *parts: str, stack: str | None = None) -> Any:
        return http.get_json(None, self.url(*parts, stack=stack))

    def ids(self, stack: str | None = None) -> list[str]:
        found: list[str] = self.get("tileIds", stack=stack)
        return found

    def state(self, stack: str | None = None) -> str:
        return str(self.get(stack=stack)["state"])

    def run(self, client: str, *words: Any, stack: bool = True, strict: bool = False) -> Outcome:
        output, errors = io.StringIO(), io.StringIO()
        arguments = [*self.where, *(["--stack", self.stack] if stack else []), *map(str, words)]
        code = native.run_client(PACKAGE + client, arguments, stdout=output, stderr=errors, strict=strict)
        assert "Traceback" not in output.getvalue(), output.getvalue()
        return Outcome(code, output.getvalue(), errors.getvalue())


def written(path: Any, value: Any) -> Any:
    path.write_text(json.dumps(value))
    return path
