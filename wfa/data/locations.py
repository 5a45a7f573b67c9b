"""Where data sets lie: the folders that a person names, and paths below them."""

from pathlib import Path, PurePath

from wfa.data.dataset import SourceConfig
from wfa.errors import ConfigError, DataError


def data_root(
    options: SourceConfig, name: str, environ: str | None, remedy: str | None = None
) -> Path:
    """Return the folder of data set `name`, which must exist.

    Args:
        options: The `data` section; its `root` wins when it is set.
        name: The data set's name, its folder's name below `WFA_DATA_DIR`.
        environ: The value of `WFA_DATA_DIR`, or None.
        remedy: How to get the data; by default `wfa data prepare`.

    Raises:
        DataError: Neither is set, or there is no such folder.
    """
    place = options.root or ("" if environ else "DIR")
    remedy = remedy or f"run `wfa data prepare {name}{f' data.root={place}' * bool(place)}`"
    folder = data_folder(options, name, environ, f"; to get the data, {remedy}")
    if folder.is_file():
        raise DataError(f"data set {name} cannot be in {folder}: that is a file, not a folder")
    if not folder.is_dir():
        raise DataError(
            f"data set {name} is not at {folder}: set data.root=DIR to where it lies; "
            f"to get the data, {remedy}"
        )
    return folder


def data_folder(options: SourceConfig, name: str, environ: str | None, advice: str = "") -> Path:
    """Return where data set `name` lies or should lie; see `data_root`.

    Args:
        options: The `data` section.
        name: The data set's name.
        environ: The value of `WFA_DATA_DIR`, or None.
        advice: What to add to the message where neither is set.

    Raises:
        DataError: Neither `data.root` nor `WFA_DATA_DIR` is set.
    """
    if options.root:
        return folder_path(options.root, "data.root")
    if environ:
        return folder_path(environ, "WFA_DATA_DIR") / name
    raise DataError(
        f"data set {name} has no folder: add data.root=DIR to the command, or set the environment "
        f"variable WFA_DATA_DIR, for the folder {name} in it{advice}"
    )


def folder_path(text: str, key: str) -> Path:
    """Return the folder that a person named; `~` is their home.

    Args:
        text: The path.
        key: Where it was named, for the message.

    Raises:
        ConfigError: It is no path that a disk could have.
    """
    try:
        path = Path(text).expanduser()
        path.exists()  # asks the disk, which refuses names that are too long
        text.encode()
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(f"{key}={text!r} is no folder ({error})") from error
    if "\0" in text or not text.strip():
        raise ConfigError(f"{key}={text!r} is no folder")
    return path


def path_inside(root: Path, text: str, key: str) -> Path:
    """Return a path that a person named below the data set's folder.

    Raises:
        ConfigError: It leaves the folder.
    """
    wanted = PurePath(text)
    if wanted.is_absolute() or ".." in wanted.parts or "\0" in text:
        raise ConfigError(
            f"{key}={text!r} leaves the data set's folder {root}: write it relative to that "
            "folder, or set data.root=DIR to the folder that holds everything"
        )
    return root / wanted


def file_inside(root: Path, text: str, key: str) -> Path:
    """Return a file that a person named below the data set's folder.

    Raises:
        ConfigError: It leaves the folder.
        DataError: There is no such file.
    """
    path = path_inside(root, text, key)
    if not path.is_file():
        raise DataError(f"{key}={text}: there is no file {path}")
    return path


def folders_of(root: Path, text: str) -> tuple[str, ...]:
    """Return where images may lie below `root`: what `data.images` names, or the usual places.

    Raises:
        ConfigError: It leaves the folder.
    """
    if text:
        path_inside(root, text, "data.images")
    return (text,) if text else ("images", "")
