import base64
import io
import re
from pathlib import Path

from PIL import Image

from wfa.report.answer_page import write_gallery
from wfa.runs.run_model import RunModel
from wfa.search.ask import Question, ask
from wfa.search.library import Library


def test_one_file_with_every_thumbnail_and_no_address(
    library: Library, model: RunModel, tmp_path: Path
) -> None:
    (library.root / "a.jpg").unlink()
    (library.root / "z.png").write_text("replaced by something else")
    answer = ask(library, model, Question(("a lake", "water & <b>reeds</b>"), top=9))
    page = write_gallery(answer, library, 'a "lake" <script>', tmp_path / "hits.html")
    text = page.read_text(encoding="utf-8")
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    assert len(pictures) == 7
    assert all(Image.open(io.BytesIO(base64.b64decode(p))).size == (20, 24) for p in pictures)
    assert not re.search(r'(src|href|action|data)="(?!data:image/jpeg;base64,)', text)
    assert "http://" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "https://" not in text
    assert text.count('class="gone"') == 2
    assert "The file is gone." in text
    assert "The file is not an image." in text
    assert "<script>" not in text.replace(re.findall(r"<script>.*?</script>", text, re.S)[-1], "")
    assert "water &amp; &lt;b&gt;reeds&lt;/b&gt;" in text
    assert "1 of these images is gone" in text
    for path in library.paths:
        assert path in text
    assert "as trained: uniqueness" in text


def test_a_filtered_answer_says_how_many_passed(
    still: Library, model: RunModel, tmp_path: Path
) -> None:
    answer = ask(still, model, Question(("a lake",), where=("side=south",), top=2))
    text = write_gallery(answer, still, "a lake", tmp_path / "x.html").read_text("utf-8")
    assert "2 of 9 images in photos/, 4 passed the filters" in text
    assert "Technique" not in text
