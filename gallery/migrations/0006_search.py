from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

# The full-text index of each database. The tokens are made in Python: SQLite splits them at spaces only, PostgreSQL gets each
# token with its position. Triggers delete index entries with their rows. On SQLite no trigger writes entries or deletes many
# at once, because FTS5 writes to disk for every row that a trigger touches, but only once for a statement
# (search/engine.py; it empties the tokens of the rows that it has removed from the index).
SQLITE = [
    """CREATE VIRTUAL TABLE search_index USING fts5(
        title_tokens, text_tokens, content='search_entry', content_rowid='id', tokenize="ascii tokenchars '_'"
    )""",
    """CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry WHEN old.title_tokens <> '' BEGIN
        INSERT INTO search_index (search_index, rowid, title_tokens, text_tokens)
        VALUES ('delete', old.id, old.title_tokens, old.text_tokens);
    END""",
]
SQLITE_BACK = [
    "DROP TRIGGER search_entry_gone",
    "DROP TABLE search_index",
]

POSTGRESQL = [
    "ALTER TABLE search_entry ADD COLUMN title_vector tsvector, ADD COLUMN text_vector tsvector",
    # Store long values apart, so that a query can read thousands of rows without them.
    "ALTER TABLE search_entry SET (toast_tuple_target = 128)",
    """CREATE FUNCTION search_vector(tokens text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
        SELECT coalesce(string_agg('''' || token || ''':' || place, ' '), '')::tsvector
        FROM unnest(string_to_array(tokens, ' ')) WITH ORDINALITY AS listed(token, place)
        WHERE token NOT IN ('', '_')
    $$""",
    """CREATE FUNCTION search_entry_written() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.title_vector := search_vector(NEW.title_tokens);
        NEW.text_vector := search_vector(NEW.text_tokens);
        NEW.title_tokens := '';
        NEW.text_tokens := '';
        RETURN NEW;
    END
    $$""",
    """CREATE TRIGGER search_entry_written BEFORE INSERT ON search_entry
        FOR EACH ROW EXECUTE FUNCTION search_entry_written()""",
    "CREATE INDEX search_entry_title ON search_entry USING gin (title_vector) WITH (fastupdate = off)",
    "CREATE INDEX search_entry_text ON search_entry USING gin (text_vector) WITH (fastupdate = off)",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER search_entry_written ON search_entry",
    "DROP FUNCTION search_entry_written()",
    "ALTER TABLE search_entry DROP COLUMN title_vector, DROP COLUMN text_vector",
    "DROP FUNCTION search_vector(text)",
]


async def make(apps, editor):
    for statement in SQLITE if editor.client.capabilities.dialect == "sqlite" else POSTGRESQL:
        await editor.client.execute_query(statement)


async def unmake(apps, editor):
    for statement in SQLITE_BACK if editor.client.capabilities.dialect == "sqlite" else POSTGRESQL_BACK:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [('gallery', '0005_reviewing')]

    initial = False

    operations = [
        ops.CreateModel(
            name='IndexPass',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('content_version', fields.BigIntField(default=-1)),
                ('words_version', fields.IntField(default=0)),
                ('holds_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('before', fields.BigIntField(default=0)),
            ],
            options={'table': 'index_pass', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'How far the index was compared with what is on view, in one row.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ('artwork', fields.OneToOneField('gallery.Artwork', source_field='artwork_id', null=True, db_constraint=True, to_field='id', related_name='search_entry', on_delete=OnDelete.CASCADE)),
                ('stamp', fields.CharField(max_length=32)),
                ('title_tokens', fields.TextField(unique=False)),
                ('text_tokens', fields.TextField(unique=False)),
            ],
            options={'table': 'search_entry', 'app': 'gallery', 'pk_attr': 'id', 'table_description': 'The tokens of one thing that was on view when they were written.'},
            bases=['Model'],
        ),
        ops.RunPython(make, unmake),
    ]
