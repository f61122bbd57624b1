"""`python -m paradiddle` is the same as `paradiddle`."""

from paradiddle.cli import main

main()
