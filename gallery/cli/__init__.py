"""The command line: what a keeper types to set the gallery up, run it and look after it."""

from __future__ import annotations

from typing import Any

import click

from gallery.cli.admin import archive, check, develop, init, invite, reindex, second_factor
from gallery.cli.backups import backup
from gallery.cli.demo import demo
from gallery.cli.restoring import restore
from gallery.cli.serving import serve, worker
from gallery.cli.sheets import bring_in
from gallery.cli.site import Unreachable
from gallery.db.connection import DatabaseOutOfDate, RestoreUnfinished
from gallery.settings import SettingsError
from gallery.storage import StoreAway


class Failure(click.ClickException):
    """One line for the keeper."""

    exit_code = 1


class WrongSetting(Failure):
    """A setting that cannot be used: exit code 2, as for a wrong option."""

    exit_code = 2


class Gallery(click.Group):
    """The commands. What a keeper can get wrong ends in one line, not in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise WrongSetting(str(error)) from error
        except (DatabaseOutOfDate, RestoreUnfinished, Unreachable, StoreAway) as error:
            raise Failure(str(error)) from error
        except PermissionError as error:
            raise Failure(f"{error.filename or 'A file'} cannot be used: {error.strerror}.") from error


@click.group(cls=Gallery, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gallery", message="%(package)s %(version)s")
def main() -> None:
    """Keep an online gallery of artwork by people whom charities help.

    Every setting is an environment variable that begins with GALLERY_; GALLERY_HOME names the folder of the
    database, the pictures and the secret key, and is the current folder unless it is set.
    """


for command in (
    init,
    serve,
    worker,
    invite,
    second_factor,
    bring_in,
    check,
    develop,
    archive,
    reindex,
    backup,
    restore,
    demo,
):
    main.add_command(command)
