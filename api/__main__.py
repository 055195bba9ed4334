"""`python -m api` is `pledger`."""

from api.cli import main

if __name__ == "__main__":
    main()
