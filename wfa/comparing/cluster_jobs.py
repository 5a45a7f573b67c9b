"""Jobs of a cluster that run cells, by submitit; one that dies costs its cell and no other."""

import time
from collections import deque
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from wfa.comparing.cell_files import Ended, Failure, Task
from wfa.comparing.run_cell import attempt_saved
from wfa.comparing.settings import SlurmOptions
from wfa.errors import ConfigError
from wfa.files import write_text
from wfa.plugins.plugin_sources import how_to_install

LOOK_EVERY = 1.0
"""Seconds between two looks at the jobs; submitit asks SLURM less often."""


def run_as_jobs(
    tasks: Sequence[Task], most: int, options: SlurmOptions, logs: Path
) -> Generator[Ended, None, None]:
    """Run each cell as a job, and give it when it ends.

    On a machine with `srun` these are jobs of SLURM, else processes of submitit's own. The folder
    must be one that all nodes see. Where the caller goes on no further, the jobs are cancelled.

    Args:
        tasks: The cells.
        most: How many jobs are in the queue or run at once.
        options: What each asks for.
        logs: Folder for what submitit and the cells write.

    Raises:
        ConfigError: submitit is not there, or the cluster takes no such job.
    """
    executor = _executor(options, logs)
    waiting, running = deque(tasks), dict[Any, Task]()
    try:
        while waiting or running:
            while waiting and len(running) < most:
                task = waiting.popleft()
                running[_submitted(executor, task, logs)] = task
            done = [job for job in running if job.done()]
            for job in done:
                task = running.pop(job)
                _config(task, logs).unlink(missing_ok=True)
                yield task, _failure(job)
            if not done:
                time.sleep(LOOK_EVERY)
    finally:
        for job in running:
            job.cancel()


def _executor(options: SlurmOptions, logs: Path) -> Any:
    try:
        import submitit
    except ImportError as error:
        raise ConfigError(
            f"compare.executor=submitit needs the package submitit: {how_to_install('submitit')}, "
            "or set compare.executor=local"
        ) from error
    executor = submitit.AutoExecutor((logs / "jobs").absolute())
    executor.update_parameters(
        name="wfa",
        timeout_min=options.minutes,
        cpus_per_task=options.cpus,
        gpus_per_node=options.gpus,
        mem_gb=options.memory_gb or None,
        slurm_partition=options.partition or None,
        slurm_account=options.account or None,
    )
    return executor


def _submitted(executor: Any, task: Task, logs: Path) -> Any:
    config = _config(task, logs)
    write_text(config, task.config.as_yaml())
    try:
        return executor.submit(
            attempt_saved, config, task.folder.absolute(), task.split, task.probed
        )
    except Exception as error:  # submitit's own, or that of the program it calls
        cause = " ".join(str(error).split())
        raise ConfigError(
            f"the cluster takes no job of {task.name} ({cause}): look at compare.slurm.*"
        ) from error


def _config(task: Task, logs: Path) -> Path:
    return (logs / f"{task.name}.yaml").absolute()


def _failure(job: Any) -> Failure | None:
    """Return why a job's cell failed."""
    try:
        found: Failure | None = job.result()
    except Exception as error:  # it was ended from outside, or its machine was
        cause = str(error).strip().partition("\n")[0]
        return Failure(
            f"its job {job.job_id} died ({cause}; {job.paths.stderr} has its last words); the same "
            "command tries it again"
        )
    return found
