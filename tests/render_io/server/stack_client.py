"""A small client for tests that write and read tiles of one stack."""

from __future__ import annotations

from typing import Any

import httpx

AFFINE = "mpicbg.trakem2.transform.AffineModel2D"


class StackClient:
    """One stack of one owner, over one connection pool."""

    def __init__(self, base_url: str, stack: str = "s", owner: str = "o") -> None:
        self.http = httpx.Client(base_url=f"{base_url}/owner/{owner}/project/p/stack/{stack}", timeout=300)

    def __enter__(self) -> StackClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def create(self) -> None:
        assert self.http.post("", json={}).status_code == 201

    def save(self, *tiles: dict[str, Any], derive: bool = True, shared: dict[str, Any] | None = None) -> httpx.Response:
        body = {"transformIdToSpecMap": shared or {}, "tileIdToSpecMap": {tile["tileId"]: tile for tile in tiles}}
        return self.http.put("/resolvedTiles", params={"deriveData": derive}, json=body)

    def state(self, state: str) -> httpx.Response:
        return self.http.put(f"/state/{state}")

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params)


def tile(
    tile_id: str, z: float = 1.0, x: float = 0.0, y: float = 0.0, size: float = 100.0, **more: Any
) -> dict[str, Any]:
    """A square tile at a place."""
    leaf = {"type": "leaf", "className": AFFINE, "dataString": f"1.0 0.0 0.0 1.0 {x} {y}"}
    return {
        "tileId": tile_id,
        "z": z,
        "width": size,
        "height": size,
        "layout": {"sectionId": str(z)},
        "transforms": {"type": "list", "specList": [leaf]},
    } | more
