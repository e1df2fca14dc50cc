"""Publish a dataset folder on the Hugging Face Hub: what the card names, checked, in one commit."""

import hashlib
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from iraqstance.annotation.connection import shortened
from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError, from_extra
from iraqstance.annotation.normalise import fingerprint, sha256_of
from iraqstance.annotation.records import Issue
from iraqstance.dataset.catalogue import Article
from iraqstance.dataset.check import check
from iraqstance.dataset.editions import packaged_edition, packaged_folder
from iraqstance.dataset.sketch import Sketch, Words, fold
from iraqstance.dataset.tables import read_tables

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["HubError", "PublishedFile", "Release", "check_name", "prepare", "upload", "write_release"]

_CARD = "README.md"
_CATALOGUE = "articles.yaml"
# Beside the card, its tables and its pictures, these go along where they are there.
_COMPANIONS = ("LICENSE", "ERRATA.md", _CATALOGUE, "croissant.json")
_NAME = r"[A-Za-z0-9_][\w.-]*"  # hidden files have no such name
_TABLE = re.compile(rf"data/(?:{_NAME}/)*{_NAME}\.parquet")
_PICTURE = re.compile(rf"figures/{_NAME}\.png")
_SHOWN = re.compile(r"""!\[[^\]]*\]\(\s*<?([^)\s>]+)|<img\b[^>]*?\bsrc\s*=\s*["']([^"']+)""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#)", re.IGNORECASE)
_FOLDERS = ("data/", "figures/")  # what lies there on the Hub and not in a release is of an earlier one
_VERSION = re.compile(r"^- Version: (\S+)$", re.MULTILINE)
# So many words in a row agree by their sketches, of one bit a word, by chance once in 2 ** 40 places.
_RUN = 40
_TOKENS = re.compile(r"\bhf_\w+")


class HubError(IraqstanceError):
    """The Hugging Face Hub, or another that ``HF_ENDPOINT`` names, cannot be reached or refuses."""


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file of a release.

    Attributes:
        path: Where it stands in the folder and on the Hub.
        size: Its size in bytes.
        sha256: SHA-256 of its bytes, as 64 hexadecimal digits.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """What would be published of a dataset folder.

    Attributes:
        folder: The folder.
        files: Its files, by path; empty where the validator found an error.
        issues: What the validator found.
    """

    folder: Path
    files: tuple[PublishedFile, ...]
    issues: tuple[Issue, ...]

    @property
    def failed(self) -> bool:
        """Whether the validator found an error, so that nothing may be published."""
        return any(issue.severity == "error" for issue in self.issues)


def prepare(folder: str | Path | None = None) -> Release:
    """Check a dataset folder and choose what of it is published.

    That is the card, the Parquet files that its ``configs`` name, the pictures that it shows, and ``LICENSE``,
    ``ERRATA.md``, ``articles.yaml`` and ``croissant.json`` where they are there. Nothing else goes along.

    Args:
        folder: The dataset folder. Without it, the packaged one.

    Raises:
        InputError: Where the folder has no card, the card names or shows what is not published, ``articles.yaml`` is no
            catalogue, a file leads out of the folder, or a text is one of the source articles', which belong to
            their publishers.
        MissingExtraError: Without the extra ``dataset``.
    """
    path = packaged_folder() if folder is None else Path(folder)
    if path.exists() and not path.is_dir():
        raise InputError("this is no dataset folder", where=str(path), got="a file", remedy="Name the folder")
    if path.is_dir():
        _refuse_bare(path / _CARD)
    report = check(folder)
    if report.failed:
        return Release(path, (), report.issues)
    card = (path / _CARD).read_text(encoding="utf-8-sig")
    tables = sorted({_allowed(file.file, _TABLE, path, "names", "data/*.parquet") for file in report.files})
    pictures = sorted({_allowed(name, _PICTURE, path, "shows", "figures/*.png") for name in _shown(card)})
    companions = [name for name in _COMPANIONS if (path / name).is_file()]
    names = sorted([_CARD, *tables, *pictures, *companions])
    for name in names:
        if not (path / name).resolve().is_relative_to(path.resolve()):
            raise InputError(
                "the link leads out of the dataset folder", where=str(path / name), remedy="Put the file itself there"
            )
    if _CATALOGUE in companions:
        _check_catalogue(path / _CATALOGUE)
    _refuse_source_text(path, [name for name in names if name not in {*tables, *pictures}])
    return Release(path, tuple(_described(path, name) for name in names), report.issues)


def _refuse_bare(card: Path) -> None:
    """Raise where there is no card, or it names no data: the validator would take the folder for another kind."""
    with from_extra("dataset"):
        from huggingface_hub import metadata_load
    if not card.is_file():
        raise InputError("there is no dataset card", where=str(card), remedy="Make it with: iraqstance dataset build")
    try:
        metadata = metadata_load(card) or {}
    except (OSError, ValueError, yaml.YAMLError):  # the validator says how it is wrong
        return
    if not metadata.get("configs"):
        raise InputError(
            "the card names no data",
            where=str(card),
            expected="configs with their data_files in its metadata",
            remedy="Make it with: iraqstance dataset build",
        )


def _shown(card: str) -> Iterator[str]:
    """Yield the pictures of its own that the card shows."""
    for markdown, html in _SHOWN.findall(card):
        target = markdown or html
        if not _ELSEWHERE.match(target):
            yield target.removeprefix("./")


def _allowed(name: str, pattern: re.Pattern[str], folder: Path, verb: str, expected: str) -> str:
    if not pattern.fullmatch(name):
        raise InputError(
            f"the card {verb} a file that is not published", where=str(folder / _CARD), expected=expected, got=name
        )
    if not (folder / name).is_file():
        raise InputError(f"the card {verb} a file that is not there", where=str(folder / _CARD), got=name)
    return name


def _check_catalogue(path: Path) -> None:
    """Raise where the catalogue is something else: it might hold anything."""
    try:
        for entry in yaml.safe_load(path.read_bytes()):
            Article.model_validate(entry)
    except (TypeError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            "this is no catalogue of articles",
            where=str(path),
            expected="a list of articles with id, title, author, publisher, date, url and sha256 alone",
            got=_first_line(error),
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _described(folder: Path, name: str) -> PublishedFile:
    path = folder / name
    try:
        with path.open("rb") as stream:
            return PublishedFile(name, path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError as error:
        raise InputError("the file cannot be read", where=str(path), got=error.strerror or "") from None


def _refuse_source_text(folder: Path, names: Iterable[str]) -> None:
    """Raise where a row or a text file holds a paragraph of a source article."""
    found = [
        (name, held) for name in names if (held := _source_paragraph((folder / name).read_text("utf-8", "replace")))
    ]
    for table in read_tables(folder).tables:
        seen: dict[str, str] = {}
        for column in table.columns.values():
            for number, value in enumerate(column):
                text = str(value)  # a list of sentences is text too
                if text not in seen:
                    seen[text] = _source_paragraph(text)
                if seen[text]:
                    found.append((table.where(number), seen[text]))
    if found:
        where, held = found[0]
        more = f", and {len(found) - 1} more of the kind" if len(found) > 1 else ""
        raise InputError(
            "the text of a source article belongs to its publisher and is never published",
            where=str(folder / where),
            got=f"the paragraph {held}{more}",
            remedy="Publish the stand-off edition instead, which others fill in with: iraqstance dataset hydrate",
        )


@cache
def _source() -> tuple[dict[str, str], Mapping[str, Sketch], dict[str, set[str]], Counter[str]]:
    """Return what the stand-off edition tells: hashes, sketches, runs of words, and how many runs each one has."""
    edition = packaged_edition("source")
    hashes = {paragraph.sha256: paragraph.id for paragraph in edition.paragraphs}
    hashes |= {sketch.sha256: name for name, sketch in edition.sketches.items()}
    runs: dict[str, set[str]] = {}
    for name, sketch in edition.sketches.items():
        for run in _runs(sketch.digits):
            runs.setdefault(run, set()).add(name)
    return hashes, edition.sketches, runs, Counter(name for names in runs.values() for name in names)


def _source_paragraph(text: str) -> str:
    """Return the id of the source paragraph that a text is, or holds in whole or by half its runs, or ``""``."""
    hashes, sketches, runs, totals = _source()
    whole = hashes.get(fingerprint(text)) or hashes.get(sha256_of(fold(text)))
    if whole:
        return whole
    words = Words(text)
    held = Counter(name for run in _runs(words.digits) for name in runs.get(run, ()))
    parts = (name for name, count in held.items() if 2 * count >= totals[name])
    return next(parts, "") or next((name for name, sketch in sketches.items() if _holds(words, sketch)), "")


def _holds(words: Words, sketch: Sketch) -> bool:
    """Tell whether a paragraph's words stand in a text, which their SHA-256 proves."""
    start = words.digits.find(sketch.digits)
    while start >= 0:
        if sha256_of("".join(words.folded[start : start + len(sketch.digits)])) == sketch.sha256:
            return True
        start = words.digits.find(sketch.digits, start + 1)
    return False


def _runs(digits: str) -> set[str]:
    return {digits[start : start + _RUN] for start in range(len(digits) - _RUN + 1)}


def write_release(release: Release, folder: str | Path) -> None:
    """Write the files of a release into a folder, exactly as the Hub would get them.

    The folder is new or empty, or holds the same files, which are replaced all at once.

    Raises:
        InputError: For a release that failed, a folder that holds anything else, or one that cannot be written.
    """
    _refuse_failed(release)
    target = Path(folder).resolve()
    _refuse_other_content(release, target, str(folder))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as beside:
            made, before = Path(beside, "made"), Path(beside, "before")
            for file in release.files:
                (made / file.path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(release.folder / file.path, made / file.path)
            _exchange(made, target, before)
    except OSError as error:
        raise InputError("the folder cannot be written", where=str(folder), got=error.strerror or str(error)) from None


def _exchange(made: Path, target: Path, before: Path) -> None:
    """Put one folder into the place of another."""
    try:
        if target.exists():
            target.rename(before)
        made.rename(target)
    except BaseException:
        if before.exists() and not target.exists():
            before.rename(target)
        raise


def _refuse_other_content(release: Release, target: Path, where: str) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError("a file stands in the place of the folder", where=where, remedy="Name a new folder")
    held = {path.relative_to(target).as_posix() for path in target.rglob("*")}
    files = {file.path for file in release.files}
    own = files | {parent.as_posix() for name in files for parent in Path(name).parents} - {"."}
    if held and held != own:
        raise InputError(
            "the folder holds something else",
            where=where,
            expected="a new or empty folder, or one with the same files",
            got=min(held ^ own),
            remedy="Name a new folder",
        )


def _refuse_failed(release: Release) -> None:
    if release.failed:
        raise InputError(
            "the dataset has errors and is not published",
            where=str(release.folder),
            remedy=f"See them with: iraqstance dataset check {release.folder}",
        )


def upload(release: Release, repo: str, *, private: bool = False) -> str:
    """Put a release on the Hugging Face Hub in one commit, and return the address of the dataset.

    The token is the user's own, of ``HF_TOKEN`` or the saved login. A repository that is not there is made. Files below
    ``data/`` and ``figures/`` that the release does not hold are deleted in the same commit; others stay as they are.

    Args:
        release: What :func:`prepare` returned.
        repo: ``OWNER/NAME``.
        private: Whether only its owner may see the dataset.

    Raises:
        UsageError: For another form of name, or without a token.
        HubError: Where the Hub cannot be reached or refuses, or where the repository is public and is not to be.
        InputError: For a release that failed.
        MissingExtraError: Without the extra ``dataset``.
    """
    _refuse_failed(release)
    with from_extra("dataset"):
        from huggingface_hub import HfApi
    check_name(repo)
    with _told(repo, _token()) as token, _quiet():
        api = HfApi(token=token)
        api.create_repo(repo, repo_type="dataset", private=True if private else None, exist_ok=True)
        _commit(api, release, repo, private=private)
    return f"{api.endpoint}/datasets/{repo}"


def check_name(repo: str) -> None:
    """Check the form of a repository's name, and nothing that the Hub alone could tell.

    Raises:
        UsageError: Where it is not ``OWNER/NAME`` as the Hub allows.
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        from huggingface_hub import utils
        from huggingface_hub.errors import HFValidationError

    hub: Any = utils  # whose documented names are not marked as exported
    try:
        hub.validate_repo_id(repo)
        wrong = "" if repo.count("/") == 1 else repo
    except HFValidationError as error:
        wrong = _first_line(error)
    if wrong:
        raise UsageError("this is no name of a repository", expected="OWNER/NAME", got=wrong)


def _token() -> str:
    from huggingface_hub import get_token

    token = get_token() or ""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "there is no usable Hugging Face token",
            expected="one with the right to write",
            remedy="Make one at https://huggingface.co/settings/tokens; then run `hf auth login`, or set HF_TOKEN",
        )
    return token


def _commit(api: "HfApi", release: Release, repo: str, *, private: bool) -> None:
    # HfApi.upload_folder may make several commits of a large folder.
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    held: Any = api.dataset_info(repo)
    if private and not held.private:
        raise HubError(
            "the repository is public", where=repo, expected="a private one", remedy="Change it in its settings first"
        )
    names = {file.path for file in release.files}
    earlier = [one.rfilename for one in held.siblings or () if one.rfilename.startswith(_FOLDERS)]
    api.create_commit(
        repo,
        repo_type="dataset",
        operations=[
            *(CommitOperationDelete(name, is_folder=False) for name in earlier if name not in names),
            *(CommitOperationAdd(name, str(release.folder / name)) for name in sorted(names)),
        ],
        commit_message=_message(release.folder),
        parent_commit=held.sha,
    )


def _message(folder: Path) -> str:
    from iraqstance import __version__

    version = _VERSION.search((folder / _CARD).read_text(encoding="utf-8"))
    return f"Version {version[1]}" if version else f"Dataset built with iraqstance {__version__}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide progress bars where there is no terminal."""
    from huggingface_hub import utils

    hub: Any = utils
    with ExitStack() as stack:
        if not sys.stderr.isatty() and not hub.are_progress_bars_disabled():
            hub.disable_progress_bars()
            stack.callback(hub.enable_progress_bars)
        yield


@contextmanager
def _told(repo: str, token: str) -> Iterator[str]:
    """Turn what the Hub's client raises into one clear error, without the token that a server may repeat."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    # Its first base is the root of the errors of the HTTP library that this version of the client uses.
    transport: Any = HfHubHTTPError.__bases__[0]
    try:
        yield token
    except OfflineModeIsEnabled:
        raise HubError("the Hub is switched off", where=repo, got="HF_HUB_OFFLINE=1", remedy="Unset it") from None
    except (OSError, RuntimeError, ValueError, transport) as error:
        for cause in (error, error.__cause__):
            if isinstance(cause, HfHubHTTPError):
                raise _refusal(repo, cause.response.status_code, cause.server_message or "", token) from None
        raise HubError(
            "the upload did not succeed",
            where=repo,
            got=_without(token, str(error) or type(error).__name__),
            remedy="Check the network, and HF_ENDPOINT if you set it; then run the command again",
        ) from None


def _refusal(repo: str, status: int, words: str, token: str) -> HubError:
    remedies = {
        401: "Log in anew with `hf auth login`, or set HF_TOKEN to a token that is valid",
        403: "Use a token with the right to write there, and check the owner's name",
        404: "Check the owner's name, and that the token may read what is there",
        409: "Somebody else has changed it meanwhile; run the command again",
        412: "Somebody else has changed it meanwhile; run the command again",
        429: "Wait a little, and run the command again",
    }
    failed = status >= 500
    return HubError(
        "the Hub fails" if failed else "the Hub refuses",
        where=repo,
        got=f"{status} {_without(token, words)}".strip(),
        remedy=remedies.get(status, "Run the command again later" if failed else ""),
    )


def _without(token: str, words: str) -> str:
    return shortened(_TOKENS.sub("(the token)", words.replace(token, "(the token)")))
