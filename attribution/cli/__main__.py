"""``python -m attribution.cli``."""

from attribution.cli.app import main

if __name__ == "__main__":
    main()
