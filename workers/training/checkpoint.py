"""The random state of every process in a checkpoint, so that a resumed run draws what it would."""

from __future__ import annotations

from typing import Any

import torch

from workers.training.errors import TrainingError
from workers.training.processes import Processes


def random_states(processes: Processes) -> dict[str, Any]:
    """The checkpoint's keys: `rng` of the main process, and all of them in `ranks`.

    Every process must call this.
    """
    own: dict[str, torch.Tensor] = {"cpu": torch.get_rng_state()}
    if processes.device.type == "cuda":
        own["cuda"] = torch.cuda.get_rng_state(processes.device)
    return {"rng": own["cpu"], "ranks": processes.gather(own)}


def restore_random_state(state: dict[str, Any], processes: Processes) -> None:
    """Put back this process's random state.

    A checkpoint without `ranks` is one of a single process on a CPU. Raises `TrainingError` for
    one of another number of processes, whose run could not go on as it was.
    """
    ranks = state.get("ranks", [{"cpu": state["rng"]}])
    if len(ranks) != processes.count:
        raise TrainingError(
            f"The checkpoint is one of {len(ranks)} processes; these are {processes.count}."
        )
    own = ranks[processes.rank]
    torch.set_rng_state(own["cpu"].cpu())
    if "cuda" in own and processes.device.type == "cuda":
        torch.cuda.set_rng_state(own["cuda"].cpu(), processes.device)
