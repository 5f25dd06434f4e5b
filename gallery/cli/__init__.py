"""The command line, with which a keeper sets up, runs and looks after a gallery."""

from __future__ import annotations

from typing import Any

import click

from gallery.cli.admin import archive, check, develop, init, invite, reindex, second_factor
from gallery.cli.backups import backup
from gallery.cli.common import DatabaseUnreachable
from gallery.cli.database_move import move_database, reopen
from gallery.cli.demo import demo
from gallery.cli.imports import import_sheet
from gallery.cli.media_move import move_media
from gallery.cli.processes import serve, worker
from gallery.cli.restores import restore
from gallery.cli.status import status
from gallery.db.connection import DatabaseOutOfDate, MoveUnfinished, RestoreUnfinished
from gallery.settings import SettingsError
from gallery.storage import StoreUnavailable


class CommandFailed(click.ClickException):
    """An error that is printed as one line."""

    exit_code = 1


class InvalidSetting(CommandFailed):
    """A setting is invalid. The exit code is that of an invalid option."""

    exit_code = 2


class GalleryGroup(click.Group):
    """The group of all commands.

    An error that a keeper can cause is printed as one line, without a traceback.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise InvalidSetting(str(error)) from error
        except (
            DatabaseOutOfDate,
            RestoreUnfinished,
            MoveUnfinished,
            DatabaseUnreachable,
            StoreUnavailable,
        ) as error:
            raise CommandFailed(str(error)) from error
        except PermissionError as error:
            raise CommandFailed(f"{error.filename or 'A file'} cannot be used: {error.strerror}.") from error


@click.group(
    cls=GalleryGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="gallery", message="%(package)s %(version)s")
def main() -> None:
    """Keep an online gallery of artwork by people whom charities help.

    Every setting is an environment variable that begins with GALLERY_; GALLERY_HOME names the folder of the
    database, the pictures and the secret key, and defaults to the current folder.
    """


for command in (
    init,
    serve,
    worker,
    invite,
    second_factor,
    import_sheet,
    status,
    check,
    develop,
    archive,
    reindex,
    backup,
    restore,
    move_database,
    move_media,
    reopen,
    demo,
):
    main.add_command(command)
