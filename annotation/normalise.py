"""One form for every text: what hashes cover."""

import hashlib
import unicodedata

__all__ = ["BLANKS", "ZERO_WIDTH", "collapse", "fingerprint", "sha256_of"]

#: Zero-width space, word joiner and byte-order mark. The joiners U+200C and U+200D are letters' business
#: (Kurdish, Persian, emoji) and stay.
ZERO_WIDTH = "\u200b\u2060\ufeff"

#: All that a blank line may hold.
BLANKS = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85"
    + ZERO_WIDTH
    + "".join(map(chr, (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
)


def collapse(text: str) -> str:
    """Return the text with every run of white space as one space, and without zero-width spaces, in NFC if it was."""
    parted = text
    for invisible in ZERO_WIDTH:
        if invisible in parted:
            parted = parted.replace(invisible, "")
    if parted is not text and unicodedata.is_normalized(
        "NFC", text
    ):  # what a zero-width space kept apart may belong together
        parted = unicodedata.normalize("NFC", parted)
    return " ".join(parted.split())


def fingerprint(text: str) -> str:
    """Return the SHA-256 of the collapsed NFC text in UTF-8, as 64 hexadecimal digits."""
    return sha256_of(collapse(unicodedata.normalize("NFC", text)))


def sha256_of(text: str) -> str:
    """Return the SHA-256 of the text in UTF-8 as it is, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
