"""All groups, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import apply, batch, calls, fit, inverse, pipeline, service, startup, tiles
from benchmarks.harness import JAVA, OURS, PAIRS, POINTS, REQUESTS, TILES, Effort, Row, Sample, faster, measure_all

_SERVICE_UNITS = {unit.name: unit for unit in (TILES, POINTS, REQUESTS, PAIRS)}
_SERVICE_GOALS = {
    "import, boxes derived": 5.0,
    "read resolved tiles": 2.0,
    "read tile bounds": 2.0,
    "local to world": 50.0,
    "world to local": 500.0,
    "one tile": 5.0,
    "one world point": 5.0,
}


def _service(effort: Effort) -> Iterator[Row]:
    """Rates of the service; of the two Java runs the better one counts."""
    size = service.FULL if effort.rounds > 2 else service.SMALL
    with service.running_service() as client:
        for rate in service.measure(client, size):
            goal = _SERVICE_GOALS.get(rate.work)
            samples = {
                OURS: Sample((1.0 / rate.median,)),
                JAVA: Sample((1.0 / max(service.JAVA[rate.work]),), recorded=True),
            }
            goals = [faster(goal, JAVA)] if goal else []
            yield Row("service", rate.work, _SERVICE_UNITS[rate.unit], samples, goals)


def _steady(module: object) -> Callable[[Effort], Iterator[Row]]:
    def rows(effort: Effort) -> Iterator[Row]:
        group, cases = module.GROUP, module.cases  # type: ignore[attr-defined]
        return measure_all(group, cases(effort), effort)

    return rows


GROUPS: dict[str, Callable[[Effort], Iterator[Row]]] = {
    module.GROUP: _steady(module) for module in (apply, inverse, fit, calls, batch, tiles, pipeline)
} | {"startup": startup.rows, "service": _service}
