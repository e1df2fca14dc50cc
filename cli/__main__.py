"""``python -m iraqstance.cli`` is the ``iraqstance`` command."""

from iraqstance.cli.app import main

main()
