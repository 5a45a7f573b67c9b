"""Fetch one file from a hub of data sets: checked, and never half there."""

from pathlib import Path

from huggingface_hub import hf_hub_download

from wfa.errors import DataError
from wfa.files import atomic_write, file_hash, temporary_folder


def fetch(base_url: str, address: str, target: Path, checksum: str = "") -> None:
    """Fetch a file; it takes its name when it is whole and has the checksum wanted.

    Args:
        base_url: A hub, `http(s)://HOST`.
        address: `datasets/OWNER/NAME/resolve/REVISION/FILE` below it.
        target: The file to write; its folder is made when missing.
        checksum: `sha256:HEX` or `md5:HEX`; empty to check the length only.

    Raises:
        DataError: There is no such file, the hub cannot be reached, or the content is wrong.
        UserError: The disk is full or the folder may not be written to.
    """
    url = f"{base_url}/{address}"
    if not base_url.startswith(("http://", "https://")):
        raise DataError(f"{url} is not an address of the form http(s)://HOST/PATH")
    with atomic_write(target) as temporary, temporary_folder(target) as folder:
        found = _fetch_into(folder, base_url, address, target)
        if not matches(found, checksum):
            method = checksum.partition(":")[0]
            raise DataError(
                f"{url} has the checksum {method}:{file_hash(found, method=method)}, wanted is "
                f"{checksum}: the file was changed or damaged on its way and is not kept; try "
                f"again, or fetch it by hand to {target}"
            )
        found.replace(temporary)


def matches(path: Path, checksum: str) -> bool:
    """Return whether a file is there and has the checksum, where one is given."""
    if not path.is_file():
        return False
    method, _, digest = checksum.lower().partition(":")
    return not checksum or file_hash(path, method=method) == digest


def _fetch_into(folder: Path, base_url: str, address: str, target: Path) -> Path:
    kind, owner, name, _, revision, file = address.split("/", 5)
    try:
        found = hf_hub_download(
            f"{owner}/{name}", file, repo_type=kind.removesuffix("s"), revision=revision,
            endpoint=base_url, local_dir=folder,
        )  # fmt: skip
    # The hub's client passes on the errors of whatever library it speaks HTTP with.
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk's
        raise DataError(
            f"{base_url}/{address} could not be fetched ({_reason(error)}): run this again, or "
            f"open it in a browser and put the file at {target}"
        ) from error
    return Path(found)


def _reason(error: BaseException) -> str:
    """Say in one line what stopped a download: what stands behind the client's own error."""
    while error.__cause__ is not None:
        error = error.__cause__
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP status {response.status_code} {response.reason_phrase}"
    return str(error).partition("\n")[0] or type(error).__name__
