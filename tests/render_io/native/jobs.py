"""Replays recorded jobs of the Java clients and says where files, exit code and service differ.

The format of a case is told in the README beside the recorded ones.
"""

from __future__ import annotations

import gzip
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from render_io import native
from tests.render_io.server.replay import Client, Rule, answer_differences, captured, differences, filled, parsed

TEXTS = (".json", ".txt", ".swc", ".csv")


def replayed(folder: Path, base: str, scratch: Path) -> list[str]:
    """Run the job of one folder on a service; what differs from the record."""
    case = json.loads((folder / "case.json").read_text())
    names = {"base": base, "in": str(scratch / "in"), "out": str(scratch / "out"), "data": str(scratch / "in")}
    lay_out(folder, case, names)
    client = Client(base)
    try:
        wrong = list(talk(client, case, "before", names))
        if not wrong:
            wrong += ran(case, names)
            wrong += files_differ(folder / "out", Path(names["out"]), case.get("out", {}), names)
            wrong += talk(client, case, "after", names)
    finally:
        client.close()
    return wrong


def lay_out(folder: Path, case: dict[str, Any], names: dict[str, str]) -> None:
    """Copy the input; ${in} and ${base} in text files become real."""
    for name in ("in", "out"):
        Path(names[name]).mkdir()
    for path in sorted((folder / "in").rglob("*")):
        goal = Path(names["in"]) / path.relative_to(folder / "in")
        if path.is_dir():
            goal.mkdir()
        else:
            data = path.read_bytes()
            goal.write_bytes(real(data, names) if path.suffix in TEXTS else data)
    for name in case.get("pictures", []):
        shutil.copy(folder.parent / "pictures" / name, names["in"])


def real(data: bytes, names: dict[str, str]) -> bytes:
    return data.replace(b"${in}", names["in"].encode()).replace(b"${base}", names["base"].encode())


def talk(client: Client, case: dict[str, Any], part: str, names: dict[str, Any]) -> Iterator[str]:
    for step in case.get(part, []):
        got = client.send(filled(step["request"], names))
        want, compare = filled(step["response"], names), filled(step.get("compare", {}), names)
        yield from (f"{part} {step['id']}: {line}" for line in answer_differences(want, compare, got))
        for name, source in step.get("capture", {}).items():
            names[name] = captured(source, got)


def ran(case: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    output, errors = io.StringIO(), io.StringIO()
    code = native.run_client(case["client"], filled(case["argv"], names), stdout=output, stderr=errors)
    said = output.getvalue() + errors.getvalue()
    if code != case["exit"]:
        yield f"exit code {case['exit']} is wanted, not {code}: {said[-1000:]}"
    if "Traceback" in said:
        yield f"an error that nobody foresaw: {said[-2000:]}"
    yield from (f"{word!r} is not said: {said}" for word in filled(case.get("says", []), names) if word not in said)


# ---------------------------------------------------------------- files


def files_differ(want: Path, got: Path, rules: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    found = {str(path.relative_to(got)) for path in got.rglob("*") if path.is_file()}
    yield from (f"file {name} is missing" for name in sorted(rules.keys() - found))
    yield from (f"file {name} is not wanted" for name in sorted(found - rules.keys()))
    pairs = [name for name in rules.keys() & found if rules[name].get("as") == "pairs"]
    yield from pairs_differ([content(want / name, names) for name in pairs], [content(got / name) for name in pairs])
    for name in (rules.keys() & found) - set(pairs):
        yield from (f"file {name}: {line}" for line in file_differs(want / name, got / name, rules[name], names))


def content(path: Path, names: dict[str, str] | None = None) -> Any:
    text = text_of(path)
    return parsed((text if names is None else real(text, names)).decode())


def text_of(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def file_differs(want: Path, got: Path, rule: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    if (want.read_bytes()[:2] == b"\x1f\x8b") != (got.read_bytes()[:2] == b"\x1f\x8b"):
        yield "only one of the two is compressed"
    kind = rule.get("as", "exact")
    if kind == "json":
        yield from differences(content(want, names), content(got), Rule.of(rule.get("compare", {})), [])
        return
    left, right = real(text_of(want), names).decode().splitlines(), text_of(got).decode().splitlines()
    if kind == "lines":
        left, right = sorted(left), sorted(right)
    if kind == "numbers" and len(left) == len(right):
        limit = rule.get("tolerance", 1e-9)
        yield from (
            f"{a!r} is wanted, not {b!r}"
            for a, b in zip(left, right, strict=True)
            if not near(a.split(), b.split(), limit)
        )
    elif kind != "exists" and left != right:
        yield f"{left} is wanted, not {right}"


def near(want: list[str], got: list[str], limit: float) -> bool:
    def same(a: str, b: str) -> bool:
        return a == b or abs(float(a) - float(b)) <= limit * max(1.0, abs(float(a)))

    return len(want) == len(got) and all(map(same, want, got))


def pairs_differ(want: list[Any], got: list[Any]) -> Iterator[str]:
    """Java leaves open which pair is in which file; not how many, nor which in all."""
    for a, b in zip(want, got, strict=True):
        if a["renderParametersUrlTemplate"] != b["renderParametersUrlTemplate"]:
            yield f"template {b['renderParametersUrlTemplate']}"
        if len(a["neighborPairs"]) != len(b["neighborPairs"]):
            yield f"{len(a['neighborPairs'])} pairs are wanted, not {len(b['neighborPairs'])}"
    left, right = (
        sorted(json.dumps(p, sort_keys=True) for doc in docs for p in doc["neighborPairs"]) for docs in (want, got)
    )
    if left != right:
        yield f"missing pairs: {[p for p in left if p not in right]}, others: {[p for p in right if p not in left]}"
