"""`python -m gallery.cli`: the command line without an installed script."""

from gallery.cli import main

if __name__ == "__main__":
    main(prog_name="gallery")
