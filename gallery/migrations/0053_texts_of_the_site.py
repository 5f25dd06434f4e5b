from tortoise import migrations

from gallery.db.migrate import ReplaceColumns
from gallery.migrations import joined_pairs


class Migration(migrations.Migration):
    dependencies = [('gallery', '0052_texts_of_themes')]

    initial = False

    operations = [
        ReplaceColumns('Site', **joined_pairs('name', 'home', 'about', 'footer')),
        ReplaceColumns('ReadyReason', **joined_pairs('text')),
        ReplaceColumns('ProfileImage', **joined_pairs('alt')),
    ]
