"""Where `gallery` and `python -m gallery.cli` begin.

The modules make a million objects that stay until the process ends. The garbage collector neither looks for rubbish
among them while they are made (a fifth of the time that a start takes), nor passes over them later.
"""

from __future__ import annotations

import gc


def main() -> None:
    gc.disable()
    from gallery.db.model_comments import skip_model_comments

    skip_model_comments()
    from gallery.cli import main as gallery

    gc.freeze()
    gc.enable()
    gallery(prog_name="gallery")


if __name__ == "__main__":
    main()
