#!/usr/bin/env python
import os
import sys

from salesai.command_line import main

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesai.settings")
    main(sys.argv)
