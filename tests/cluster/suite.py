"""Runs the scenarios, side by side where they do not disturb each other.

    suite.py WORK CGROUP AKV_SYNC FAKE_AZURE [SCENARIO...]

A line for each scenario: its sentence, its seconds, and a figure if it gives one. A scenario that raises anything has failed.
"""

import concurrent.futures
import inspect
import pathlib
import sys
import time
import traceback

from cluster import Cluster, Failure
from scenarios import changing, ending, failing, injecting, restarting, starting, troubleshooting
from world import World

# As many as keep two processors busy and no deadline in danger.
AT_ONCE = 6
# These load or disturb the whole node, the second when its first forty seconds are over.
LAST = (
    starting.twenty_pods_start_at_once,
    changing.a_projected_token_that_expired_is_replaced_by_the_kubelet_and_the_new_one_is_exchanged,
)


def main(work, cgroup, program, fake, wanted):
    began = time.monotonic()
    world = World(Cluster(work / "control-plane", work / "node", cgroup), program, fake, work)
    every = [one for module in (changing, restarting, failing, starting, troubleshooting, injecting, ending) for one in scenarios_of(module)]
    chosen = [one for one in every if not wanted or any(part in one.__name__ for part in wanted)]
    if not chosen:
        raise SystemExit(f"cluster: no scenario has one of {wanted} in its name")
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        passed = list(pool.map(lambda one: run(one, world), [one for one in chosen if one not in LAST]))
        passed += pool.map(lambda one: run(one, world), [one for one in chosen if one in LAST])
    failed = passed.count(False)
    print(f"cluster: {len(passed) - failed} scenarios passed and {failed} failed in {time.monotonic() - began:.0f} s")
    raise SystemExit(failed > 0)


def scenarios_of(module):
    """The functions that take a world and nothing else, but are made here, in the order of the file."""
    for function in vars(module).values():
        if inspect.isfunction(function) and function.__module__ == module.__name__:
            if list(inspect.signature(function).parameters) == ["world"]:
                yield function


def run(scenario, world):
    """Whether the scenario saw what it should; its pods are gone afterwards."""
    view, began = world.for_one_scenario(), time.monotonic()
    sentence = scenario.__name__.replace("_", " ")
    try:
        figure = scenario(view)
    except Exception as error:  # Whatever it is, it is the finding.
        where = "" if isinstance(error, Failure) else f"\n{traceback.format_exc()}"
        said = "\n".join(pod.story() for pod in view.pods)
        print(f"cluster: FAILED {sentence} ({time.monotonic() - began:.1f} s): {error}{where}\n{said}", flush=True)
        return False
    finally:
        view.end()
    print(f"cluster: {sentence} ({time.monotonic() - began:.1f} s){f': {figure}' if figure else ''}", flush=True)
    return True


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), *sys.argv[2:5], sys.argv[5:])
