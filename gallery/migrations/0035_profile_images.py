from gallery.db.migrate import RenameTable
from tortoise import migrations


class Migration(migrations.Migration):
    dependencies = [('gallery', '0034_editions_and_pairs')]

    initial = False

    operations = [
        RenameTable('Emblem', 'ProfileImage', table='profile_image', related_names={'image': 'profile_image'}),
    ]
