import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wfa.auditing.audit_folder import write_audit
from wfa.auditing.dataset_audit import Audit, audit, clip_token_counter, leaks_above
from wfa.auditing.settings import AuditSettings
from wfa.captions.options import UniquenessOptions
from wfa.errors import ConfigError, DataError
from wfa.options.option_classes import read_choice
from wfa.options.read_settings import read_settings
from wfa.plugins.registry import Choice

Images = Sequence[tuple[str, str, Sequence[str]]]


def made(root: Path, images: Images) -> Choice:
    """Write (file name, split, captions) in the form of UCM-Captions."""
    content = [
        {"filename": name, "split": split, "sentences": [{"raw": text} for text in texts]}
        for name, split, texts in images
    ]
    root.mkdir(parents=True, exist_ok=True)
    (root / "captions.json").write_text(json.dumps({"images": content}), encoding="utf-8")
    return read_choice("data", "ucm_captions", {"root": str(root)})


def paint(root: Path, name: str, seed: int) -> None:
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    (root / "imgs").mkdir(parents=True, exist_ok=True)
    Image.fromarray(small).resize((48, 48)).save(root / "imgs" / name)


def part(found: Audit, label: str) -> Any:
    return next(each for each in found["splits"] if each["label"] == label)


LEAKY: Images = [
    ("a.png", "train", ["A ship.", "a ship", "two ships in a harbour"]),
    ("b.png", "train", ["a road", "a long road"]),
    ("c.png", "val", ["a field"]),
    ("d.png", "test", ["a ship", "a lake", "a lake near a wood", "a pond"]),
]


def test_hand_made_leaks_are_found(tmp_path: Path) -> None:
    data = made(tmp_path, LEAKY)
    for name, seed in (("a.png", 1), ("b.png", 2), ("c.png", 3), ("d.png", 1)):
        paint(tmp_path, name, seed)
    found = audit(data)
    assert [(x["kind"], x["one"], x["other"], x["count"], x["share"]) for x in found["leaks"]] == [
        ("captions", "test", "train", 1, 0.25),
        ("images", "test", "train", 1, 1.0),
    ]
    (same,) = found["images"]["same"]
    assert same["images"] == ["train/a.png", "test/d.png"]
    assert same["identical"]
    assert leaks_above(found) == [
        "1 captions of test (25.0 %) stand in train too",
        "1 images of test (100.0 %) stand in train too",
    ]
    assert len(leaks_above(found, 0.25)) == 1
    assert leaks_above(found, 1.0) == []
    train = part(found, "train")
    assert train["images_by_captions"] == {"2": 1, "3": 1}
    assert train["distinctness"]["distinct"] == 4
    assert part(found, "validation")["strange"]["images_of_one"] == {"count": 1, "first": ["c.png"]}


def test_what_stands_in_train_only_is_no_leak(tmp_path: Path) -> None:
    images = [
        ("a", "train", ["x"]),
        ("b", "train", ["x"]),
        ("c", "val", ["y"]),
        ("d", "test", ["y"]),
    ]
    found = audit(made(tmp_path, images))
    assert found["leaks"] == []
    assert leaks_above(found) == []
    assert found["images"] is None


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="0 to 1"):
        leaks_above({"leaks": []}, threshold)


@pytest.mark.parametrize(
    "captions",
    [["a lake"], ["..."], ["\ud800 lake", "w " * 10_000, "!!", "!!"], ["", "a lake", "a lake"]],
    ids=["single", "empty when folded", "broken", "blank"],
)
def test_one_image_with_bad_captions_is_audited_and_written(
    tmp_path: Path, captions: list[str]
) -> None:
    found = audit(made(tmp_path, [("a.png", "train", captions)]))
    path = write_audit(found, tmp_path / "out")
    assert json.loads(path.read_text(encoding="utf-8")) == found
    assert part(found, "train")["distinctness"]["images"] == 1
    assert found["shared_captions"] == []


def test_bad_captions_are_named(tmp_path: Path) -> None:
    texts = ["\ud800 lake", "w " * 10_000, "!!", " "]
    found = part(audit(made(tmp_path, [("a.png", "train", texts)])), "train")
    strange = {key: each["first"] for key, each in found["strange"].items() if each["count"]}
    assert strange == {
        "surrogates": ["a.png, caption 1"],
        "long": ["a.png, caption 2"],
        "empty": ["a.png, caption 3"],
    }
    assert found["left_out"] == {"count": 1, "first": ["a.png: empty caption"]}


def test_a_second_data_set_is_compared(tmp_path: Path) -> None:
    data = made(tmp_path / "one", [("a.png", "train", ["a b"]), ("t.png", "test", ["c d", "e"])])
    other = made(tmp_path / "two", [("z.png", "train", ["C d."]), ("y.png", "test", ["f"])])
    for folder, name, seed in (("one", "a.png", 1), ("one", "t.png", 2), ("two", "z.png", 2)):
        paint(tmp_path / folder, name, seed)
    found = audit(data, other)
    assert [each["label"] for each in found["splits"]] == [
        "train", "test", "ucm_captions/train", "ucm_captions/test",
    ]  # fmt: skip
    assert [(x["kind"], x["one"], x["other"], x["share"]) for x in found["leaks"]] == [
        ("captions", "test", "ucm_captions/train", 0.5),
        ("images", "test", "ucm_captions/train", 1.0),
    ]
    unread = {x["label"]: x["unreadable"]["count"] for x in found["images"]["splits"]}
    assert unread == {"train": 0, "test": 0, "ucm_captions/train": 0, "ucm_captions/test": 1}
    assert audit(data, other, images=False)["images"] is None


def test_tokens_are_those_of_open_clip() -> None:
    from open_clip import tokenize

    texts = ["a river", "Many planes are parked .", "\U0001f6f0 10,000 m\u00b2", ""]
    counted = clip_token_counter()(texts)
    assert counted.tolist() == [int((row != 0).sum()) for row in tokenize(texts)]


def test_words_become_a_request(tmp_path: Path) -> None:
    asked = read_settings(AuditSettings, [])
    assert (asked.data.name, asked.against, asked.folder) == (
        "scenes",
        None,
        Path("runs/audit-scenes"),
    )
    asked = read_settings(AuditSettings, [
        "against.root=there", "data=rsicd", "data.root=here", "against=rsitmd", f"out={tmp_path}",
    ])  # fmt: skip
    assert asked.data.options.root == "here"
    assert asked.against is not None
    assert (asked.against.name, asked.against.options.root) == ("rsitmd", "there")
    assert asked.folder == tmp_path
    asked = read_settings(AuditSettings, ["uniqueness.duplicates=keep", "uniqueness.max_order=2"])
    assert asked.uniqueness == UniquenessOptions(duplicates="keep", max_order=2)


def test_uniqueness_is_measured_as_asked(tmp_path: Path) -> None:
    """One image whose two captions are equal: unique together, worthless one by one."""
    data = made(tmp_path, [("a.png", "train", ["a river", "a river"])])
    kept = audit(data, images=False, options=UniquenessOptions(duplicates="keep"))
    merged = audit(data, images=False, options=UniquenessOptions(duplicates="merge"))
    assert part(kept, "train")["uniqueness"]["mean"] == 0.0
    assert part(merged, "train")["uniqueness"]["mean"] > 0.0
    with pytest.raises(ConfigError, match="embedding"):
        audit(data, images=False, options=UniquenessOptions(measure="embedding"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["split=test"], "there is no key 'split'; known: data, against, uniqueness, out"),
        (["rsicd"], "is not KEY=VALUE"),
        (["out="], "out= is empty"),
        (["against.root=x"], "needs against=NAME"),
        (["data=rsicdd"], "did you mean 'rsicd'"),
        (["data.rot=x"], "did you mean 'data.root'"),
        (["uniqueness.duplicate=keep"], "did you mean 'uniqueness.duplicates'"),
        (
            ["uniqueness.duplicates=drop"],
            "duplicates='drop' is not known. Known: merge, keep",
        ),
    ],
)
def test_wrong_words_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_settings(AuditSettings, words)


def test_a_data_set_without_splits_is_refused() -> None:
    none = dict.fromkeys(("train_images", "validation_images", "test_images"), 0)
    with pytest.raises(DataError, match="no split"):
        audit(read_choice("data", "scenes", none))


@pytest.mark.slow
def test_ucm(data_dir: Callable[[str], Path]) -> None:
    root = data_dir("ucm_captions")
    found = audit(read_choice("data", "ucm_captions", {"root": str(root)}))
    leaks = {(x["kind"], x["one"]): x["share"] for x in found["leaks"]}
    assert round(leaks["captions", "test"], 3) == 0.546
    assert set(leaks) == {("captions", "validation"), ("captions", "test")}
    identical = [each["images"] for each in found["images"]["same"] if each["identical"]]
    assert identical == [["train/102.jpg", "train/103.jpg"]]
    tokens = part(found, "train")["text_tokens"][0]
    assert tokens["batch_size"] == 64
    assert tokens["stock"] == 64 * 5 * 77
    assert tokens["packed"] < tokens["trimmed"] < tokens["one_caption"] * 1.2


@pytest.mark.slow
def test_rsicd_without_its_images(data_dir: Callable[[str], Path]) -> None:
    root = data_dir("rsicd")
    found = audit(read_choice("data", "rsicd", {"root": str(root)}), images=False)
    train = part(found, "train")
    assert round(train["distinctness"]["distinct_share"], 3) == 0.297
    assert round(train["distinctness"]["mean_an_image"], 2) == 2.04
    assert round(train["ceilings"]["10"]["expected"], 3) == 0.908
    assert train["left_out"]["count"] == 2
