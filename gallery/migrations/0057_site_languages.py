from tortoise import fields, migrations

from gallery.db.migrate import ReplaceColumns


def wider(model, **default):
    """Room for any language tag instead of two letters."""
    return ReplaceColumns(
        model,
        old=['language'],
        new={'language': fields.CharField(max_length=35, **default)},
        values=lambda row: {'language': row['language']},
    )


class Migration(migrations.Migration):
    dependencies = [('gallery', '0056_texts_of_exhibitions')]

    initial = False

    operations = [
        wider('Person', default='zh'),
        wider('Invitation', default='zh'),
        wider('Mail', default='zh'),
        wider('Application'),
        wider('OwnerRequest'),
        wider('Report'),
    ]
