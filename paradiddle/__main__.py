"""`python -m paradiddle` is the same as `paradiddle`."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; Ctrl+C while it is still being loaded ends it without a word."""
    try:
        from paradiddle.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
