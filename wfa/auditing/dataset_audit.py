"""`wfa audit`: how redundant a data set is and what it leaks, before anything is trained."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from open_clip.tokenizer import SimpleTokenizer

from wfa.auditing.audit_folder import asked_settings, through_json
from wfa.auditing.caption_audit import (
    CaptionAudit,
    CountTokens,
    StrangeCaptions,
    audit_captions,
    text_tokens,
)
from wfa.auditing.guidance import recommend
from wfa.auditing.image_hash import BITS, ImageHashes, hash_images, same_images
from wfa.auditing.shared_captions import split_overlaps
from wfa.captions.options import UniquenessOptions
from wfa.data.dataset import ImageTextDataset
from wfa.errors import ConfigError, DataError
from wfa.plugins.registry import Choice
from wfa.progress import track
from wfa.provenance import git_state, versions

Audit = dict[str, Any]
"""What `audit.json` holds; only strings, numbers, booleans, None, lists and mappings."""

CONTEXT_LENGTH = 77
TOKEN_BATCH_SIZES = (64, 256, 1024)
NAMED = 20
"""Most names in a list; the count beside it is of all."""

Captions = Sequence[Sequence[str]]


def audit(
    data: Choice,
    against: Choice | None = None,
    images: bool = True,
    options: UniquenessOptions | None = None,
    processes: int = 1,
) -> Audit:
    """Audit all splits of a data set, and what they share with each other or a second data set.

    Blank captions are left out and named, whatever the data set's options say of them.

    Args:
        data: The data set.
        against: A second data set; its splits are called `<name>/<split>`.
        images: Whether to compare images too, where they are there.
        options: What uniqueness means; its defaults where None.
        processes: Worker processes for uniqueness.

    Raises:
        DataError: A data set cannot be opened.
        ConfigError: `measure=embedding`, which needs a model.
    """
    options = options or UniquenessOptions()
    splits = _open(data, "")
    if against is not None:
        splits |= _open(against, f"{against.label}/")
    captions = {label: list(map(list, split.captions)) for label, split in splits.items()}
    count = clip_token_counter()
    parts = [
        _split(label, splits[label], captions[label], count, options, processes)
        for label in track(list(splits), "auditing the captions")
    ]
    hashes = {label: hash_images(split) for label, split in splits.items()} if images else {}
    found = {
        "data": data.label,
        "against": None if against is None else against.label,
        "settings": {
            **asked_settings(data, against, images, options),
            "tokenizer": "CLIP BPE",
            "context_length": CONTEXT_LENGTH,
            "image_hash": f"dHash, {BITS} bits",
        },
        "notes": list(dict.fromkeys(note for split in splits.values() for note in split.notes)),
        "splits": parts,
        "shared_captions": [
            {"one": one, "other": other, **asdict(overlap)}
            for (one, other), overlap in split_overlaps(captions).items()
        ],
        "images": _images(hashes),
        "git": git_state(),
        "versions": versions(),
    }
    found["leaks"] = _all_leaks(found)
    found["recommendation"] = recommend(_trained_on(parts)["distinctness"]["mean_an_image"])
    return through_json(found)


def leaks_above(found: Audit, threshold: float = 0.0) -> list[str]:
    """Say what of a held-out split stands in a training split, one line each.

    Args:
        found: What `audit` returned.
        threshold: Share of the held-out split's captions, or images, that may stand there, 0..1.

    Raises:
        ConfigError: The threshold is out of range.
    """
    if not 0 <= threshold <= 1:
        raise ConfigError(f"the leak threshold is a share from 0 to 1, but is {threshold}")
    return [
        f"{leak['count']} {leak['kind']} of {leak['one']} ({100 * leak['share']:.1f} %) "
        f"stand in {leak['other']} too"
        for leak in found["leaks"]
        if leak["share"] > threshold
    ]


def clip_token_counter() -> CountTokens:
    """Return what counts CLIP's BPE tokens, start and end included; texts are counted once."""
    tokenizer = SimpleTokenizer()
    known: dict[str, int] = {}

    def count(texts: Sequence[str]) -> NDArray[np.int64]:
        for text in texts:
            if text not in known:
                encodable = text.encode("utf-8", "replace").decode("utf-8")
                known[text] = len(tokenizer.encode(encodable)) + 2
        return np.fromiter((known[text] for text in texts), np.int64, len(texts))

    return count


def _open(data: Choice, prefix: str) -> dict[str, ImageTextDataset]:
    options = data.options
    if "on_empty_caption" in {field.name for field in fields(options)}:
        options = replace(options, on_empty_caption="skip")
    plugin = data.plugin()
    found = {f"{prefix}{split}": plugin(options, split) for split in plugin.splits(options)}
    if not found:
        raise DataError(f"data set {data.name} has no split with an image: check its options")
    return found


def _split(
    label: str,
    dataset: ImageTextDataset,
    captions: Captions,
    count: CountTokens,
    options: UniquenessOptions,
    processes: int,
) -> Audit:
    found = audit_captions(captions, options, processes=processes)
    tokens = [
        asdict(text_tokens(captions, count, CONTEXT_LENGTH, size)) for size in TOKEN_BATCH_SIZES
    ]
    names = [record.image for record in dataset.records]
    return {
        "label": label,
        "data": dataset.name,
        "split": dataset.split,
        "checksum": dataset.checksum,
        "images_by_captions": dict(sorted(Counter(map(len, captions)).items())),
        **_without_strange(found),
        # A small split has one batch: the same figures under every size.
        "text_tokens": [each for place, each in enumerate(tokens) if each not in tokens[:place]],
        "strange": _named(found.strange, names),
        "left_out": _list([*dataset.skipped, *dataset.skipped_captions]),
    }


def _trained_on(parts: Sequence[Audit]) -> Audit:
    """Return the training split of the audited data set, or its first one where there is none."""
    return next((part for part in parts if part["label"] == "train"), parts[0])


def _without_strange(found: CaptionAudit) -> Audit:
    return {key: value for key, value in asdict(found).items() if key != "strange"}


def _named(found: StrangeCaptions, names: Sequence[str]) -> Audit:
    def captions(places: Sequence[tuple[int, int]]) -> Audit:
        return _list([f"{names[image]}, caption {place + 1}" for image, place in places])

    return {
        "empty": captions(found.empty),
        "long": captions(found.long),
        "surrogates": captions(found.surrogates),
        "unlike": captions(found.unlike),
        "images_of_one": _list([names[image] for image in found.images_of_one]),
        "images_of_none": _list([names[image] for image in found.images_of_none]),
    }


def _list(names: Sequence[str]) -> Audit:
    return {"count": len(names), "first": list(names[:NAMED])}


def _images(hashes: Mapping[str, ImageHashes]) -> Audit | None:
    """Return what the images share; None where no image could be read, or none was wanted."""
    read = {label: each for label, each in hashes.items() if each.hashes or each.flat}
    if not read:
        return None
    groups = same_images(read)

    def name(label: str, index: int) -> str:
        return f"{label}/{hashes[label].dataset.records[index].image}"

    shared = Counter[tuple[str, str]]()
    for group in groups:
        for one, _ in group.images:
            shared.update((one, other) for other in {label for label, _ in group.images} - {one})
    return {
        "splits": [
            {
                "label": label,
                "read": len(each.hashes) + len(each.flat),
                "flat": _list([name(label, index) for index in each.flat]),
                "unreadable": _list(list(each.unreadable.values())),
            }
            for label, each in hashes.items()
        ],
        "same": [
            {
                "hash": group.hash,
                "identical": group.identical,
                "images": [name(*image) for image in group.images],
            }
            for group in groups
        ],
        "shared": [
            {
                "one": one,
                "other": other,
                "images": count,
                "images_share": count / len(hashes[one].dataset),
            }
            for (one, other), count in sorted(shared.items())
        ],
    }


def _all_leaks(found: Audit) -> list[Audit]:
    """List what held-out splits share with training splits, of both data sets."""
    training = {part["label"] for part in found["splits"] if part["split"] == "train"}
    kinds = {
        "captions": found["shared_captions"],
        "images": found["images"]["shared"] if found["images"] else [],
    }
    return [
        {
            "kind": kind,
            "one": pair["one"],
            "other": pair["other"],
            "count": pair[kind],
            "share": pair[f"{kind}_share"],
        }
        for kind, pairs in kinds.items()
        for pair in pairs
        if pair["one"] not in training and pair["other"] in training and pair[kind]
    ]
