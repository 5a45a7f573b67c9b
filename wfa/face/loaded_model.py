"""A run or a checkpoint, loaded: images and texts to features, and search."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wfa.data.own_pairs import picture
from wfa.errors import ArgumentError, RunError
from wfa.face.handed_over import HandedOver, choice_of
from wfa.face.peer_adapters import ClipBenchmarkModel, MtebEncoder
from wfa.options.option_keywords import options_from
from wfa.report.training_curve import read_history
from wfa.retrieval.embeddings import Floats
from wfa.runs.checkpoint_model import checkpoint_model
from wfa.runs.run_folder import RunFolder
from wfa.runs.run_model import ReadyModel, RunModel
from wfa.tables import Cell, Number, Table

if TYPE_CHECKING:
    from wfa.search.index_outcome import Indexed

_AT_ONCE = 64


class LoadedModel:
    """The model of a run folder, or of a checkpoint.

    Args:
        model: The model.

    Attributes:
        path: The folder of the run; None for a checkpoint.
        width: D, the width of its features.
    """

    def __init__(self, model: ReadyModel) -> None:
        self._model = model
        self.path = model.run if isinstance(model, RunModel) else None
        self.width = model.width

    def encode_image(self, images: Sequence[Any]) -> Floats:
        """Encode images.

        Args:
            images: M paths, `PIL.Image`s, arrays (H, W, 3) or tensors (3, H, W) of uint8.

        Returns:
            (M, D) float32, of length 1.

        Raises:
            DataError: An image cannot be read.
        """
        images = _several("images", images)
        features = []
        for start in range(0, len(images), _AT_ONCE):
            part = images[start : start + _AT_ONCE]
            pictures = [picture(image, f"images[{start + k}]") for k, image in enumerate(part)]
            features.append(self._model.encode_images(list(map(self._model.prepare, pictures))))
        return np.concatenate(features)

    def encode_text(self, texts: Sequence[str]) -> Floats:
        """Encode texts, each by itself.

        Args:
            texts: N texts, none blank.

        Returns:
            (N, D) float32, of length 1.

        Raises:
            ArgumentError: What is given is not a list of texts.
            UserError: A text is blank.
        """
        found = _several("texts", texts)
        wrong = [text for text in found if not isinstance(text, str)]
        if wrong:
            raise ArgumentError(
                f"texts must be a flat list of texts, but holds {wrong[0]!r}: captions grouped by "
                "image are encoded one group at a time"
            )
        return self._model.encode_texts(found)

    def for_clip_benchmark(self) -> ClipBenchmarkModel:
        """Return the model for CLIP_benchmark.

        Its data sets take `transform`, and `evaluate(model, loader, model.tokenize, device)` the
        rest; `amp=False` computes as everywhere else here.
        """
        return ClipBenchmarkModel(self._model)

    def for_mteb(self, meta: Any = None) -> MtebEncoder:
        """Return the model for `mteb.evaluate`, or with `encode` as sentence-transformers have it.

        Args:
            meta: An `mteb.ModelMeta` that names it in MTEB's results, and says that it takes
                `modalities=["text", "image"]`: without one MTEB gives it texts alone.
        """
        return MtebEncoder(self._model, meta)

    def search(
        self,
        captions: str | Sequence[str],
        index: str | Path | None = None,
        top: int = 10,
        technique: str = "own",
    ) -> Table:
        """Find images of an indexed folder by words.

        Args:
            captions: A text, or several that describe the same image.
            index: The index folder that `wfa index` made; the run's one index for None.
            top: How many images.
            technique: How several captions become one query: own, mean, uniqueness or
                max_similarity.

        Returns:
            A row an image, best first: rank, score and path.

        Raises:
            RunError: The run has no index, or several; or a checkpoint was loaded.
            SearchIndexError: The index is unfinished, damaged, or was made by another model.
            UserError: The query is empty, or a choice does not exist.
        """
        # Who only encodes does not wait for an index engine.
        from wfa.search.ask import Question, ask
        from wfa.search.open_libraries import open_library

        words = (captions,) if isinstance(captions, str) else tuple(captions)
        model = self._of_run()
        library = open_library(model.run if index is None else Path(index))
        answer = ask(library, model, Question(words, top=top, technique=technique))
        records: list[dict[str, Cell]] = [
            {"path": hit.path, "rank": hit.rank, "score": Number(f"{hit.score:.3f}", hit.score)}
            for hit in answer.hits
        ]
        return Table.from_records(records)

    def index(self, images: str | Path, *, overwrite: bool = False, **options: Any) -> "Indexed":
        """Index a folder of images, or bring its index up to date, so that `search` finds them.

        Args:
            images: The folder.
            overwrite: Whether an index of another model or folder may be lost.
            options: `out`, `metadata`, `ann` and the others of `wfa help index`.

        Returns:
            What was done: `folder` of the index, `images` in it, files that were `left_out`.

        Raises:
            RunError: A checkpoint was loaded, which has no folder for it.
            ConfigError: There is no such option.
            DataError: There is no such folder, or no image in it can be read.
            SearchIndexError: The index is of another model or folder.
        """
        from wfa.search.index_images import index_images
        from wfa.search.index_settings import IndexOptions

        chosen = options_from(IndexOptions, None, options, "index")
        return index_images(self._of_run().run, Path(images), chosen, overwrite)

    @property
    def history(self) -> Table:
        """The course of training, a row a measured step; empty cells where nothing was measured.

        Raises:
            RunError: There is no run, or its history.csv is damaged.
        """
        columns = read_history(self._of_run().run / "history.csv").columns
        return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)), labels=0)

    @property
    def selection(self) -> dict[str, Any]:
        """The checkpoint that was kept: `epoch`, and `value` of the `metric` that chose it.

        Raises:
            RunError: There is no run.
        """
        return dict(RunFolder(self._of_run().run).read_run()["selection"])

    @property
    def metrics(self) -> Table:
        """The rows of the run's metrics.json, a figure each.

        Raises:
            RunError: There is no run: a checkpoint was loaded.
        """
        metrics = self._of_run().run / "metrics.json"
        rows = json.loads(metrics.read_text(encoding="utf-8"))
        return Table.from_records(
            {**row, "row": "oracle" if row.pop("oracle", False) else "measured"} for row in rows
        )

    def _of_run(self) -> RunModel:
        """Return the model where it is a run's."""
        if not isinstance(self._model, RunModel):
            raise RunError(
                "a checkpoint was loaded, not a run: `wfa evaluate encoder=open_clip "
                "encoder.pretrained=FILE` makes a run of it, which can be indexed"
            )
        return self._model


def load(run: str | Path, pretrained: str | Path = "", **parts: HandedOver) -> LoadedModel:
    """Load the model of a finished run, or a checkpoint of open_clip's kind.

    Args:
        run: The folder of a run; a model that open_clip knows by name; `local-dir:DIR` or
            `hf-hub:OWNER/NAME`; or a folder with `open_clip_config.json`, such as `wfa export`
            writes, or the weights in it.
        pretrained: The weights of a model that is named: a file, or a tag of open_clip's.
        parts: Objects that the run was trained with and that no name finds, such as
            `aggregation=MyTechnique` or `encoder=(encode_image, encode_text)`.

    Raises:
        RunError: The folder holds no finished run, or a plug-in of it is gone or changed.
        ModelError: There is no such model; weights are damaged, of another architecture, or not
            for pictures.
        ConfigError: A part is not what its kind must be.
    """
    for kind, given in parts.items():
        choice_of(kind, given)
    if (Path(run) / "config.yaml").is_file():
        return loaded_run(Path(run))
    return LoadedModel(ReadyModel(checkpoint_model(str(run), str(pretrained)), str(run)))


def loaded_run(run: Path) -> LoadedModel:
    """Load the model of a finished run.

    Raises:
        RunError: The folder holds no finished run.
        ModelError: The weights are damaged, of another architecture, or not for pictures.
    """
    return LoadedModel(RunModel(run))


def _several(name: str, given: Any) -> list[Any]:
    if isinstance(given, str | Path) or not len(given):
        raise ArgumentError(f"{name} must be a list with at least one item, not {given!r}")
    return list(given)
