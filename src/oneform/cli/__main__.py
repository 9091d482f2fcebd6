"""`python -m oneform.cli`."""

from oneform.cli import main

main()
