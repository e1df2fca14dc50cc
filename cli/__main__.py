"""``python -m iraqstance.cli`` is the ``iraqstance`` command."""

from iraqstance.cli import main

main()
