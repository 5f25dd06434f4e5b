"""`python -m gallery.cli`: the command line where no script was installed."""

from gallery.cli import main

if __name__ == "__main__":
    main(prog_name="gallery")
