"""Shards as a stream: every sample once a pass, whoever reads, and what is broken is told."""

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.shards.made_shards import captions_json, jpeg, numbered, write_shards, write_tar
from wfa.data.shards.sample_stream import SampleStream, Tolerance, share
from wfa.data.shards.shard_samples import SampleForm
from wfa.data.streamed import LeftOut, Streamed
from wfa.errors import DataError


def stream(paths: list[Path], buffer: int = 0, tolerance: Tolerance | None = None) -> SampleStream:
    return SampleStream(tuple(map(str, paths)), SampleForm(), tolerance or Tolerance(), buffer)


def values(found: list[Streamed]) -> list[int]:
    """The grey value of each image: the number of its sample."""
    assert all(f"picture number {one.image[0, 0, 0]}" in one.captions for one in found)
    return [int(one.image[0, 0, 0]) for one in found]


def taken(
    source: SampleStream, count: int, reader: int = 0, readers: int = 1, epoch: int = 0
) -> list[int]:
    return values(list(islice(source.read((7, epoch), reader, readers, LeftOut()), count)))


@given(shards=st.integers(1, 12), readers=st.integers(1, 12), samples=st.integers(1, 20))
def test_readers_share_all_samples_and_no_two_get_the_same(
    shards: int, readers: int, samples: int
) -> None:
    urls = [str(place) for place in range(shards)]
    got: Counter[tuple[str, int]] = Counter()
    for reader in range(readers):
        for url, first, step in share(urls, reader, readers):
            got.update((url, number) for number in range(samples) if number % step == first)
    assert got == Counter({(url, number): 1 for url in urls for number in range(samples)})


def test_without_a_buffer_the_order_is_that_of_the_files(tmp_path: Path) -> None:
    source = stream(write_shards(tmp_path, [3, 2, 4]))
    assert taken(source, 20) == [*range(9), *range(9), 0, 1]


@pytest.mark.parametrize("skip", [0, 1, 7, 8, 40])
@pytest.mark.parametrize("tolerance", [Tolerance(), Tolerance(True, True, True)])
def test_what_is_skipped_is_only_not_given(tmp_path: Path, skip: int, tolerance: Tolerance) -> None:
    paths = write_shards(tmp_path, [3, 4])
    if tolerance.samples:  # what is left out does not count, and is told once
        bad = {"png": b"no", "json": captions_json("a")}
        paths.insert(1, write_tar(tmp_path / "bad.tar", {"x": bad}))
        content = paths[2].read_bytes()  # cut where the end is to be marked: the last sample goes
        paths[2].write_bytes(content[: -(-len(content.rstrip(b"\0")) // 512) * 512])
    source = stream(paths, tolerance=tolerance)
    whole, before, rest = LeftOut(), LeftOut(), LeftOut()
    found = list(islice(source.read((0,), 0, 1, whole), skip + 10))
    list(islice(source.read((0,), 0, 1, before), skip))
    left = list(islice(source.read((0,), 0, 1, rest, skip), 10))
    assert values(left) == values(found[skip:])
    assert [one.copy for one in left] == [one.copy for one in found[skip:]]
    a_pass = 6 if tolerance.samples else 7
    assert [one.copy for one in found] == [place // a_pass for place in range(skip + 10)]
    assert before.counts + rest.counts == whole.counts
    assert set(rest.counts) == ({"images", "shards"} if tolerance.samples else set())


@pytest.mark.parametrize("readers", [1, 2, 3, 5])
def test_a_shuffled_pass_has_every_sample_once(tmp_path: Path, readers: int) -> None:
    source = stream(write_shards(tmp_path, [7, 5, 6]), buffer=4)
    whole = []
    for reader in range(readers):
        seen = taken(source, 19, reader, readers)
        whole += seen[: first_repeat(seen)]
    assert sorted(whole) == list(range(18))


def first_repeat(seen: list[int]) -> int:
    """How long a pass of a reader is: until a sample comes again."""
    return next((k for k, one in enumerate(seen) if one in seen[:k]), len(seen))


def test_an_order_follows_from_its_seed(tmp_path: Path) -> None:
    source = stream(write_shards(tmp_path, [7, 5, 6]), buffer=8)
    assert taken(source, 40) == taken(source, 40)
    assert taken(source, 18) != taken(source, 18, epoch=1)
    first, second = taken(source, 36)[:18], taken(source, 36)[18:]
    assert sorted(first) == sorted(second) == list(range(18))
    assert first != second


def test_bad_samples_images_and_shards_are_told_or_left_out(tmp_path: Path) -> None:
    good = numbered(0, 3)
    paths = [
        write_tar(tmp_path / "a.tar", {**good, "x": {"png": jpeg(9)}}),
        write_tar(tmp_path / "b.tar", {"y": {"png": b"no", "json": captions_json("a")}}),
        tmp_path / "missing.tar",
        write_tar(tmp_path / "c.tar", numbered(3, 6)),
    ]
    paths[3].write_bytes(paths[3].read_bytes()[:-9000])
    everything = Tolerance(shards=True, samples=True, images=True)
    left_out = LeftOut()
    found = stream(paths, tolerance=everything).read((0,), 0, 1, left_out)
    seen = values(list(islice(found, 6)))
    assert seen[:3] == [0, 1, 2]
    assert left_out.counts["samples"] in (1, 2)
    lines = "\n".join(left_out.first)
    assert f"sample x of {paths[0]} has no caption" in lines
    assert f"the image of y of {paths[1]} is not an image" in lines
    assert f"shard {paths[2]} is missing" in lines
    assert f"shard {paths[3]} is truncated" in lines
    for kind, option in (("samples", "sample"), ("images", "image"), ("shards", "shard")):
        strict = Tolerance(**{**vars(everything), kind: False})
        with pytest.raises(DataError, match=rf"data\.on_bad_{option}=skip"):
            list(islice(stream(paths, tolerance=strict).read((0,), 0, 1, LeftOut()), 12))


def test_where_nothing_can_be_used_it_ends(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.tar", {"x": {"png": jpeg(9)}})
    source = stream([path], tolerance=Tolerance(samples=True))
    with pytest.raises(DataError, match=r"no sample of .* has no caption"):
        next(source.read((0,), 0, 1, LeftOut()))


def test_weights_come_with_the_sample(tmp_path: Path) -> None:
    said = captions_json("a", "b", weights=[0.25, 0.75], weighed_by="k")
    path = write_tar(tmp_path / "a.tar", {"x": {"png": jpeg(9), "json": said}})
    for key, weights in (("k", [0.25, 0.75]), (None, None)):
        source = SampleStream((str(path),), SampleForm(weights_key=key))
        found = next(source.read((0,), 0, 1, LeftOut())).weights
        assert (None if found is None else np.array(found).tolist()) == weights
