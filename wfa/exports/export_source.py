"""What an export is made of, and what a form of export says of what it wrote."""

from dataclasses import dataclass
from pathlib import Path

from wfa.encoders.clip_encoder import ClipEncoder
from wfa.errors import ModelError
from wfa.model.clip import MultiCaptionCLIP
from wfa.runs.parts import Parts


@dataclass(frozen=True)
class Source:
    """A finished run, loaded.

    Attributes:
        run: Its folder.
        parts: Its config and model, in evaluation mode on the CPU.
    """

    run: Path
    parts: Parts

    @property
    def model(self) -> MultiCaptionCLIP:
        """The model with the selected weights."""
        return self.parts.model

    @property
    def technique(self) -> str:
        """The name of the run's aggregation."""
        return self.parts.config.aggregation.label

    def picture_clip(self, other: str) -> ClipEncoder:
        """Return the run's encoder, which must be open_clip towers for pictures.

        Args:
            other: What to use in place of this form where it is not.

        Raises:
            ModelError: It is another kind of encoder, or takes the bands of sensors.
        """
        encoder = self.model.encoder
        if not isinstance(encoder, ClipEncoder):
            raise ModelError(
                f"{self.run} was trained with encoder={self.parts.config.encoder.label}: heads on "
                f"locked towers are no open_clip model; {other}train with encoder=open_clip or "
                "encoder=small to export"
            )
        self.check_pictures()
        return encoder

    def check_pictures(self) -> None:
        """Refuse a run of sensors.

        Raises:
            ModelError: It takes the bands of sensors.
        """
        bands = self.model.encoder.image_spec.bands
        if bands:
            raise ModelError(
                f"{self.run} was trained on the bands {', '.join(bands)}: "
                "the image towers of other packages take red, green and blue pictures only; use "
                "the run folder itself, or export a run that was trained on pictures"
            )

    def left_out(self) -> tuple[str, ...]:
        """Name what the model has learned beside its towers."""
        learned = {"aggregation": any(True for _ in self.model.aggregation.parameters()),
                   "decoder": hasattr(self.model, "decoder")}  # fmt: skip
        return tuple(name for name, there in learned.items() if there)


@dataclass(frozen=True)
class Written:
    """What a form wrote into the folder.

    Attributes:
        main: The file that holds the weights or features, by its name in the folder.
        usage: Lines of Python that load it; `{folder}` stands for the folder.
        library: What the hub calls the package that loads it; empty for none.
        task: What the hub calls what it does; empty for none.
        notes: What a reader must know, a sentence each.
        left_out: Parts of the model that the form has no place for.
        repository: `model` or `dataset`: what it is on the hub.
    """

    main: str
    usage: str
    library: str = ""
    task: str = ""
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    repository: str = "model"
