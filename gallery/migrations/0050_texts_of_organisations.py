from tortoise import migrations

from gallery.db.migrate import ReplaceColumns
from gallery.migrations import joined_pairs


class Migration(migrations.Migration):
    dependencies = [('gallery', '0049_texts_of_works')]

    initial = False

    operations = [
        ReplaceColumns('Organisation', **joined_pairs('name', 'about')),
        ReplaceColumns('Application', **joined_pairs('name')),
    ]
