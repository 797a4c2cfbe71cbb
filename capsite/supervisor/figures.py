"""What the supervisor does for the metrics of its children: ports, and one folder for all webs."""

import os
import shutil
from pathlib import Path

from capsite.settings import env

# After CAPSITE_METRICS_PORT, which the worker has: all three run on one machine here.
COURIER_AFTER, BEAT_AFTER = 1, 2


def port_environment(after: int) -> dict[str, str]:
    """Return what gives a child its own port; nothing where none is set."""
    first = env.integer("CAPSITE_METRICS_PORT", 0, minimum=0, maximum=65_535)
    return {"CAPSITE_METRICS_PORT": str(first + after)} if first else {}


def shared_figures(var: Path) -> dict[str, str]:
    """Make an empty folder in which web processes of one socket add up their figures."""
    folder = var / "run" / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def forget_the_dead(folder: str) -> None:
    """Take open sockets of processes that are gone out of the figures; counts of theirs stay."""
    for file in Path(folder).glob("gauge_live*.db") if folder else ():
        pid = int(file.stem.rpartition("_")[2])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            file.unlink(missing_ok=True)
        except PermissionError:
            continue
