from tortoise import migrations

from gallery.db.migrate import ReplaceColumns
from gallery.migrations import joined_pairs


class Migration(migrations.Migration):
    dependencies = [('gallery', '0051_texts_of_projects')]

    initial = False

    operations = [ReplaceColumns('Theme', **joined_pairs('title', 'text'))]
