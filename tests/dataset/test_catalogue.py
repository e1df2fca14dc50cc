"""The catalogue of source articles."""

from pathlib import Path

import pytest
from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.reading import read_text
from iraqstance.dataset.catalogue import Article, catalogue
from iraqstance.dataset.editions import packaged_edition
from pydantic import ValidationError

FACTS = {
    "id": "a-paper-2020-05",
    "title": "A title",
    "author": None,
    "publisher": "A paper",
    "date": "2020-05",
    "url": None,
    "sha256": "0" * 64,
}


@pytest.mark.parametrize(
    ("name", "author", "publisher", "date", "url"),
    [
        ("jummar-2025-01-07", "Adam Hussein", "Jummar", "2025-01-07", "https://jummar.media/en/7355"),
        ("shaf-2025-03-19", "Riham Mohammed", "Shaf Center", "2025-03-19", None),
        (
            "iraqidinarusd-2025-02",
            None,
            "iraqidinarusd.com",
            "2025-02",
            "https://www.iraqidinarusd.com/2025/02/iraq-in-serious-trouble-wtrump.html",
        ),
        ("964media-2024-12", None, "964media", "2024-12", "https://en.964media.com/29935/"),
        (
            "informationstreamer-2025-01-26",
            None,
            "Information Streamer",
            "2025-01-26",
            "https://informationstreamer.com/2025/01/26/iraq-a-crucial-test-for-us-counter-iran-strategies-under-trump",
        ),
    ],
)
def test_each_source_article_is_listed_with_its_facts(
    name: str, author: str | None, publisher: str, date: str, url: str | None
) -> None:
    found = catalogue()[name]
    assert (found.author, found.publisher, found.date, found.url) == (author, publisher, date, url)
    assert found.title


def test_a_retelling_names_the_publisher_whose_reporting_it_retells() -> None:
    told_after = {name: article.after for name, article in catalogue().items() if article.after}
    assert told_after == {"informationstreamer-2025-01-26": "Business Insider"}


def test_the_catalogue_lists_the_articles_of_the_source_edition_and_no_other() -> None:
    assert set(catalogue()) == {paragraph.article for paragraph in packaged_edition("source").paragraphs}


def test_an_article_is_found_by_its_own_id_and_no_two_share_a_text() -> None:
    articles = catalogue()
    assert all(article.id == name for name, article in articles.items())
    assert len({article.sha256 for article in articles.values()}) == len(articles)


def test_the_hashes_are_those_of_the_articles(articles: Path) -> None:
    found = {name: sha256_of(read_text(articles / f"{name}.txt")) for name in catalogue()}
    assert found == {name: article.sha256 for name, article in catalogue().items()}


@pytest.mark.parametrize("date", ["2020", "2020-5", "05-2020", "2020-05-1", "spring 2020", "2020-05-01 "])
def test_a_date_is_a_month_or_a_day(date: str) -> None:
    with pytest.raises(ValidationError, match="date"):
        Article.model_validate({**FACTS, "date": date})


@pytest.mark.parametrize("sha256", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64])
def test_a_hash_has_64_lower_case_hexadecimal_digits(sha256: str) -> None:
    with pytest.raises(ValidationError, match="sha256"):
        Article.model_validate({**FACTS, "sha256": sha256})


def test_a_field_that_is_misspelt_is_refused() -> None:
    with pytest.raises(ValidationError, match="autor"):
        Article.model_validate({**FACTS, "autor": "somebody"})


def test_an_article_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Article.model_validate(FACTS).title = "another"
