"""`python -m wfa` is `wfa`."""

from wfa.cli.main import main

if __name__ == "__main__":
    main()
