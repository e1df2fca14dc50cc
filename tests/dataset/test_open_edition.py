"""The texts of the open edition, as others read them."""

from pathlib import Path

from iraqstance.annotation.segment import segment_file
from iraqstance.dataset.editions import packaged_edition


def test_its_stories_written_as_articles_are_cut_into_the_same_paragraphs(tmp_path: Path) -> None:
    edition = packaged_edition("open")
    stories: dict[str, list[str]] = {}
    for paragraph in edition.paragraphs:
        stories.setdefault(paragraph.article, []).append(paragraph.text)
    for name, texts in stories.items():
        file = tmp_path / f"{name}.txt"
        file.write_text("\n\n".join(texts), encoding="utf-8")
        assert [one.text for one in segment_file(file)] == texts
