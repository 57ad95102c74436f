"""Run the benchmarks: ``python -m benchmarks``, or ``make bench``.

Every row of the budget beside its peers, in one process; a few minutes. Results go to ``bench-output/results.json``
and are compared with the published ones; ``--publish`` makes them the published ones and writes the tables and the
chart of README and documentation.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence

from benchmarks import one_thread, peers, report  # noqa: F401 - one_thread comes before numpy
from benchmarks.groups import GROUPS
from benchmarks.harness import FULL, OURS, QUICK, SMALL, Effort, Row

OUTPUT = report.ROOT / "bench-output" / "results.json"


def show(row: Row) -> None:
    """Print a row as soon as it is there."""
    values = "  ".join(f"{name} {row.unit.text(sample.median)}" for name, sample in row.samples.items() if name != OURS)
    verdicts = "; ".join(report._verdict(row, goal).replace("**", "") for goal in row.goals)
    print(f"{row.group:9}{row.work:60}{report._value(row.samples[OURS], row.unit):>16} {row.unit.name:10}{values}")
    if verdicts:
        print(f"{'':69}{verdicts}", flush=True)


def run(names: Sequence[str], effort: Effort) -> report.Results:
    """Run some groups, print their rows, and keep them as they come: a late failure costs only its own group."""
    results = report.Results(report.machine(), [])
    for name, why in peers.absent().items():
        print(f"without {name}: {why}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peers' own
        for name in names:
            try:
                for row in GROUPS[name](effort):
                    show(row)
                    results.rows.append(row)
                    results.write(OUTPUT)
            except RuntimeError as error:  # a process that failed or did not start
                print(f"{name} failed: {error}")
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("groups", nargs="*", help=f"some of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--small", action="store_true", help="seconds, to see that it works")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--publish", action="store_true", help="write results, tables and chart into the project")
    options = parser.parse_args(arguments)
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    effort = SMALL if options.small else QUICK if options.quick else FULL
    results = run(options.groups or list(GROUPS), effort)
    old = report.Results.read(report.PUBLISHED)
    if old is not None:
        changes = list(report.compare(old, results))
        print("\nbeside the published results:", *(changes or ["nothing changed beyond the noise"]), sep="\n  ")
    if options.publish:
        results.write(report.PUBLISHED)
        report.publish(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
