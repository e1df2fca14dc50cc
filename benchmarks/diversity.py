"""How varied the dataset's text is, beside that of the source articles.

Without the articles' folder the open edition alone is measured. With ``--write`` the figures go to
``dataset/measured/diversity.json``, for which the articles are needed. None of their words is printed or stored.

Usage: python benchmarks/diversity.py [--articles FOLDER] [--json] [--write]
"""

import argparse
import sys
from pathlib import Path

from iraqstance.annotation.errors import IraqstanceError
from iraqstance.annotation.storage import encoded, write_json
from iraqstance.dataset.card_parts import markdown_table
from iraqstance.dataset.diversity import diversity_table, measurement

MEASURED = Path(__file__).resolve().parent.parent / "dataset" / "measured" / "diversity.json"


def main() -> None:
    """Measure, print, and store where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, help="folder with one <article id>.txt for each article")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--write", action="store_true", help=f"write them to {MEASURED.parent.name}/{MEASURED.name}")
    options = parser.parse_args()
    if options.write and options.articles is None:
        parser.error("--write needs --articles: the stored figures hold the articles' too")
    try:
        found = measurement(options.articles)
        if options.write:
            MEASURED.parent.mkdir(exist_ok=True)
            write_json(MEASURED, found)
    except IraqstanceError as error:
        sys.exit(f"error: {error}")
    if options.json:
        print(encoded(found))
        return
    print(markdown_table(*diversity_table(found["rows"])))
    print(f"\nStock phrases stand in {found['phrases']['share']:.1%} of the stories' paragraphs. Groups that use each:")
    for phrase, groups in found["phrases"]["top"]:
        print(f"{groups:3}  {phrase}")


if __name__ == "__main__":
    main()
