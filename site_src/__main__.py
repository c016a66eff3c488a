"""The commands: `python -m site_src --help`."""

import sys

from site_src.commands import main

sys.exit(main(sys.argv[1:]))
