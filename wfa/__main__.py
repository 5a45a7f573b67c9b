"""`python -m wfa` is `wfa`."""

from wfa.cli import main

if __name__ == "__main__":
    main()
