"""`python -m api.cli` is `pledger`."""

from api.cli import main

if __name__ == "__main__":
    main()
