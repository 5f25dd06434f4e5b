from tortoise import migrations

from gallery.db.migrate import ReplaceColumns
from gallery.migrations import joined_pairs


class Migration(migrations.Migration):
    dependencies = [('gallery', '0053_texts_of_the_site')]

    initial = False

    operations = [ReplaceColumns('Artist', **joined_pairs('about'))]
