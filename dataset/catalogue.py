"""The catalogue of source articles: bibliographic facts and the hash of each text."""

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Article", "catalogue"]


class Article(BaseModel):
    """One source article.

    Attributes:
        id: Name of the article; its text file is ``<id>.txt``.
        title: As published.
        author: Where the article names one.
        publisher: Who published it.
        date: ``YYYY-MM-DD``, or ``YYYY-MM`` where the day is not known.
        url: Where it was published, if known.
        after: Whose reporting it retells, if it says so.
        sha256: SHA-256 of its normalised text, as :func:`read_text` returns it, in UTF-8.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    author: str | None
    publisher: str
    date: str = Field(pattern=r"^\d{4}-\d\d(-\d\d)?$")
    url: str | None
    after: str | None = None
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


@cache
def catalogue() -> dict[str, Article]:
    """Return the packaged catalogue by article id."""
    entries = yaml.safe_load(files(__package__).joinpath("articles.yaml").read_bytes())
    return {article.id: article for article in map(Article.model_validate, entries)}
