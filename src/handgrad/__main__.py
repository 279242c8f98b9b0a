"""``python -m handgrad`` is the command ``handgrad``."""

from handgrad.cli.main import main

main()
