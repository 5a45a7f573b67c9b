"""An export put on the Hugging Face hub."""

import os
from pathlib import Path

from huggingface_hub import HfApi

from wfa.errors import UserError


def push(folder: Path, repository: str, kind: str = "model") -> str:
    """Upload a folder; a repository that is not there is made, and private.

    The hub is `$HF_ENDPOINT` where that is set, and the token the one that `hf auth login` keeps.

    Args:
        folder: What is uploaded, all of it.
        repository: `OWNER/NAME`.
        kind: `model` or `dataset`.

    Returns:
        Its address.

    Raises:
        UserError: The name is none, the hub cannot be reached, or it refuses.
    """
    hub = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        hub.create_repo(repository, private=True, exist_ok=True, repo_type=kind)
        hub.upload_folder(
            folder_path=folder, repo_id=repository, repo_type=kind,
            commit_message=f"Export of {folder.resolve().name} by wfa",
        )  # fmt: skip
    # The hub's client passes on the errors of whatever library it speaks HTTP with.
    except Exception as error:
        response = getattr(error, "response", None)
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        if response is not None:
            reason = f"HTTP status {response.status_code} {response.reason_phrase}"
        raise UserError(
            f"{folder} is written, but could not be pushed to {repository} ({reason}): name it "
            "OWNER/NAME, log in with `hf auth login`, and run the same command again"
        ) from error
    place = "datasets/" if kind == "dataset" else ""
    return f"{hub.endpoint}/{place}{repository}"
