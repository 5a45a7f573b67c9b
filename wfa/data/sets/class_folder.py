"""Your own images with classes: a folder for each, or a table of file names, labels and splits."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from wfa.data.annotated import AnnotatedDataset, Source
from wfa.data.image_folder import FolderImages
from wfa.data.locations import file_inside, folders_of
from wfa.data.tables.caption_cells import text_of
from wfa.data.tables.columns import SPLIT_COLUMNS, file_column, heading_place
from wfa.data.tables.entries import Entry, image_name, our_split, split_in_name
from wfa.data.tables.formats import SUFFIXES, read_table
from wfa.data.tables.table import Table
from wfa.data.tables.table_options import DividedConfig
from wfa.errors import DataError
from wfa.picture_files import pictures_below

LABEL_COLUMNS = ("label", "class", "category", "class_name", "label_name")


@dataclass(frozen=True)
class Config(DividedConfig):
    """Options of a folder of classes.

    Attributes:
        annotations: The table's file name in `root`; empty for the only one there, or for class
            folders where there is none.
        images: The images' folder in `root`; empty for `images/` or `root` itself.
        label_column: The column of labels; empty to find it among the usual names.
        caption: What an image's caption is, for training; `{}` stands for its class.
    """

    annotations: str = ""
    images: str = ""
    label_column: str = ""
    caption: str = "{}"


@dataclass(frozen=True)
class _Labelled:
    """An image, its split as written, its class in words."""

    image: str
    split: str
    label: str


class ClassFolder(AnnotatedDataset):
    """One split of images of one class each; the only caption of an image names its class.

    Folders are `<class>/` or `<split>/<class>/`, in `root` or in `images/`. Underscores and capital
    letters within a folder's name become words: `AnnualCrop` is "annual crop".
    """

    name = "class_folder"
    remedy: ClassVar[str | None] = (
        "put images into one folder a class, or a CSV with the columns file_name,label there"
    )

    def __init__(self, options: Any, split: str) -> None:
        if options.caption.count("{}") != 1:
            raise DataError(f"data.caption={options.caption!r} must hold {{}} once, for the class")
        super().__init__(options, split)
        self._place = {
            options.caption.replace("{}", name): place for place, name in enumerate(self.classes)
        }

    def labels(self, index: int) -> tuple[int, ...]:
        """Return the class of image `index`."""
        return (self._place[self.records[index].captions[0]],)

    @classmethod
    def open(cls, options: Any) -> Source:
        """Read the table or list the folders; images need not be there where a table names them.

        Args:
            options: The plug-in's `Config`.

        Raises:
            DataError: There is neither, several tables, or no label.
        """
        root = cls.root(options)
        table = _table(root, options.annotations)
        folders = folders_of(root, options.images)
        if table is not None:
            found, where = list(_rows(read_table(table), options.label_column)), table
        else:
            where = next(root / name for name in folders if (root / name).is_dir())
            found = list(_files(where))
        if not found:
            raise DataError(f"{where} has no image in a class's folder: {cls.remedy}")
        entries = [
            Entry(one.image, our_split(one.split), (options.caption.replace("{}", one.label),))
            for one in found
        ]
        divided, notes = options.divided(entries, where)
        classes = tuple(sorted({one.label for one in found}))
        return Source(divided, FolderImages(root, folders), where, notes, classes)


def words_of(folder: str) -> str:
    """Return the words of a class's folder.

    >>> words_of("AnnualCrop"), words_of("storage_tanks"), words_of("SeaLake")
    ('annual crop', 'storage tanks', 'sea lake')
    """
    spaced = "".join(
        f" {sign}" if sign.isupper() and before.islower() else sign
        for before, sign in zip(f" {folder}", folder, strict=False)
    )
    return " ".join(spaced.replace("_", " ").replace("-", " ").lower().split())


def _table(root: Path, given: str) -> Path | None:
    if given:
        return file_inside(root, given, "data.annotations")
    found = sorted(p for p in root.iterdir() if p.is_file() and p.suffix.lower() in SUFFIXES)
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise DataError(f"{root} holds several tables ({names}): say data.annotations=FILE")
    return found[0] if found else None


def _rows(table: Table, given: str) -> Iterator[_Labelled]:
    file = file_column(table)
    label = _place(table, (given,) if given else LABEL_COLUMNS)
    if file is None or label is None:
        what = "file names" if file is None else "labels (data.label_column=NAME)"
        raise DataError(
            f"{table.path} has no column of {what}; its columns are: {', '.join(table.headings)}"
        )
    split = _place(table, SPLIT_COLUMNS)
    places = [file, label] if split is None else [file, label, split]
    for number, cells in enumerate(table.rows(places), 1):
        at = f"{table.path}, row {number}"
        name, said = text_of(cells[0]), text_of(cells[1])
        if not name or not said or not said.strip():
            raise DataError(f"{at}: the file name or the label is blank or no text")
        own = "" if split is None else text_of(cells[2])
        yield _Labelled(image_name(name, at), own or "", " ".join(said.split()))


def _place(table: Table, names: tuple[str, ...]) -> int | None:
    found = (heading_place(table, name) for name in names)
    return next((place for place in found if place is not None), None)


def _files(folder: Path) -> Iterator[_Labelled]:
    """List `<class>/...` or `<split>/<class>/...`; the splits count only where all folders are."""
    tops = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    splits = {top.name: split_in_name(PurePosixPath(top.name)) for top in tops}
    by_split = bool(tops) and all(splits.values())
    for top in tops:
        classes = sorted(p for p in top.iterdir() if p.is_dir()) if by_split else [top]
        for own in classes:
            files = pictures_below(own)
            if not files:
                raise DataError(f"{own} has no image: remove the folder, or put some there")
            for path in files:
                image = path.relative_to(folder).as_posix()
                yield _Labelled(image, splits[top.name] if by_split else "", words_of(own.name))
