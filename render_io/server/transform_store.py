"""The table of shared transforms, and how references are followed."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
import orjson

from render_io.server.answers import Failure, Missing
from render_io.server.names import StackId
from render_io.server.spec_model import MetaData, TransformSpec

__all__ = ["SCHEMA", "Resolver", "find", "references", "require", "save"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS transform (
    stack INTEGER NOT NULL, transform_id TEXT NOT NULL, spec TEXT NOT NULL,
    PRIMARY KEY (stack, transform_id)
) WITHOUT ROWID;
"""
MAX_ROUNDS = 10
_NO_ID = b""
"""Key of the one transform of a stack that has no id; no text equals it."""
_decoder = msgspec.json.Decoder(TransformSpec)
_encoder = msgspec.json.Encoder()


def find(db: sqlite3.Connection, key: int, transform_id: str) -> str | None:
    """Return the JSON of one shared transform as stored, None without it."""
    row = db.execute("SELECT spec FROM transform WHERE stack = ? AND transform_id = ?", (key, transform_id)).fetchone()
    return None if row is None else str(row[0])


def require(db: sqlite3.Connection, key: int, stack: StackId, transform_id: str) -> str:
    """Return the JSON of one shared transform, a 404 without it."""
    found = find(db, key, transform_id)
    if found is None:
        raise Missing(f"transform spec with id '{transform_id}' does not exist in the stack with {stack}")
    return found


def save(db: sqlite3.Connection, key: int, specs: Iterable[TransformSpec]) -> None:
    """Store shared transforms under their own ids."""
    db.executemany(
        "INSERT OR REPLACE INTO transform VALUES (?, ?, ?)",
        ((key, _NO_ID if spec.id is None else spec.id, _encoder.encode(spec).decode()) for spec in specs),
    )


def references(spec: TransformSpec) -> list[str | None]:
    """Return the ids that a spec refers to, those inside its lists and interpolated specs included.

    Raises
    ------
    Failure
        For a list that is null or has null members.
    """
    if spec.type == "leaf":
        return []
    if spec.type == "ref":
        return [spec.refId]
    return [target for child in children(spec) for target in references(child)]


def children(spec: TransformSpec) -> list[TransformSpec]:
    """Return the members of a list or of an interpolated spec."""
    if spec.type == "interpolated":
        if spec.a is None or spec.b is None:
            raise Failure()
        return [spec.a, spec.b]
    members = spec.specList
    if members is None:
        raise Failure()
    if members is msgspec.UNSET:
        return []
    whole = [child for child in members if child is not None]
    if len(whole) != len(members):
        raise Failure(
            f"A null spec is part of the transform spec list with id '{'null' if spec.id is None else spec.id}'."
            "  Check for an extraneous comma at the end of the list."
        )
    return whole


class Unresolved(Exception):
    """A reference leads nowhere."""


class Resolver:
    """Follows references into the shared transforms of one stack; specs are read once.

    Parameters
    ----------
    db : sqlite3.Connection
        In a transaction.
    key : int
        The stack.
    """

    def __init__(self, db: sqlite3.Connection, key: int) -> None:
        self._db = db
        self._key = key
        self.texts: dict[str, str] = {}
        self._specs: dict[str | None, TransformSpec | None] = {None: None}
        self._contents: dict[str, str] = {}

    def spec(self, transform_id: str | None) -> TransformSpec | None:
        """Return a shared transform, None without it."""
        if transform_id not in self._specs:
            text = find(self._db, self._key, str(transform_id))
            self._specs[transform_id] = None if text is None else _decoder.decode(text)
            if text is not None:
                self.texts[str(transform_id)] = text
        return self._specs[transform_id]

    def flat(self, transforms: str, tile_id: str | None) -> list[TransformSpec]:
        """Return a tile's transforms as leaves and interpolated specs, every reference replaced.

        Parameters
        ----------
        transforms : str
            The tile's list spec as JSON.
        tile_id : str or None
            For the error text.

        Raises
        ------
        Failure
            When a reference can't be replaced.
        """
        try:
            return self._flatten(_decoder.decode(transforms), 0)
        except Unresolved:
            raise self.not_resolved(tile_id) from None

    def not_resolved(self, tile_id: str | None) -> Failure:
        """Return the error for a tile whose references lead nowhere."""
        found = ", ".join(self.texts)
        return Failure(
            f"tile spec {tile_id} is not fully resolved after applying the following transform specs: [{found}]"
        )

    def reach(self, ids: Iterable[str | None]) -> None:
        """Read every transform reached from these ids, into `texts`.

        Raises
        ------
        Unresolved
            When one is missing, is a reference itself, or the chain is too long.
        """
        waiting, seen = list(ids), set[str | None]()
        for _ in range(MAX_ROUNDS):
            targets = []
            for transform_id in waiting:
                spec = self.spec(transform_id)
                if spec is None or spec.type == "ref":
                    raise Unresolved
                seen.add(transform_id)
                targets += references(spec)
            waiting = [t for t in dict.fromkeys(targets) if t not in seen]
            if not waiting:
                return
        raise Unresolved

    def content(self, refs: str, tile_id: str | None) -> str:
        """Return what these references stand for: the ids and texts of all that is reached from them.

        Parameters
        ----------
        refs : str
            JSON list of ids, a column of the tile.
        tile_id : str or None
            For the error text.

        Returns
        -------
        str
            Equal for equal content only.

        Raises
        ------
        Failure
            When a reference leads nowhere.
        """
        found = self._contents.get(refs)
        if found is None:
            other = Resolver(self._db, self._key)
            try:
                other.reach(orjson.loads(refs))
            except Unresolved:
                raise other.not_resolved(tile_id) from None
            digest = hashlib.blake2b(orjson.dumps(sorted(other.texts.items())), digest_size=24)
            found = self._contents[refs] = digest.hexdigest()
        return found

    def _flatten(self, spec: TransformSpec, depth: int) -> list[TransformSpec]:
        if spec.type == "leaf":
            return [spec]
        if spec.type == "ref":
            target = self.spec(spec.refId)
            if target is None or target.type == "ref" or depth >= MAX_ROUNDS:
                raise Unresolved
            return self._flatten(target, depth + 1)
        if spec.type == "interpolated":
            parts = [as_one(self._flatten(child, depth)) for child in children(spec)]
            return [msgspec.structs.replace(spec, a=parts[0], b=parts[1])]
        flat = [leaf for child in children(spec) for leaf in self._flatten(child, depth)]
        labels = spec.metaData.labels if spec.metaData is not None else None
        return [_labelled(leaf, labels) for leaf in flat] if labels else flat


def as_one(flat: Sequence[TransformSpec]) -> TransformSpec:
    """Return one spec for a flat list: its only member, else a list spec."""
    return flat[0] if len(flat) == 1 else list_spec(flat)


def list_spec(flat: Sequence[TransformSpec]) -> TransformSpec:
    """Return a list spec of these members."""
    return TransformSpec(type="list", specList=list(flat))


def _labelled(leaf: TransformSpec, labels: list[str]) -> TransformSpec:
    """Return a copy of a spec that has these labels too."""
    own = leaf.metaData.labels or [] if leaf.metaData is not None else []
    return msgspec.structs.replace(leaf, metaData=MetaData(labels=list(dict.fromkeys([*own, *labels]))))
