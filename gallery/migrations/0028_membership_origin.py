from tortoise import migrations
from tortoise.migrations import operations as ops
from gallery.accounts.models import JoinedAs
from gallery.organisations.models import RequestState
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

# Conditions for an accepted invitation to the same membership.
ACCEPTED = (
    "SELECT i.id FROM invitation i JOIN person p ON p.email = i.email"
    " WHERE p.id = membership.person_id AND i.organisation_id = membership.organisation_id"
    " AND i.accepted_at IS NOT NULL"
)


class Migration(migrations.Migration):
    dependencies = [('gallery', '0027_logos')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FormerOwner',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='former_owners', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('gallery.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='formerly_owned', on_delete=OnDelete.SET_NULL)),
                ('ended_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'former_owner', 'app': 'gallery', 'indexes': [Index(fields=['organisation_id'])], 'pk_attr': 'id', 'table_description': 'An organisation had this owner and has them no more. Without a person where that is no longer known.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OwnerRequest',
            fields=[
                ('id', fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('organisation', fields.ForeignKeyField('gallery.Organisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='owner_requests', on_delete=OnDelete.CASCADE)),
                ('asked_by', fields.ForeignKeyField('gallery.Person', source_field='asked_by_id', null=True, db_constraint=True, to_field='id', related_name='owner_requests', on_delete=OnDelete.SET_NULL)),
                ('email', fields.CharField(max_length=254)),
                ('language', fields.CharField(max_length=2)),
                ('reason', fields.CharField(max_length=500)),
                ('state', fields.CharEnumField(default=RequestState.WAITING, description='WAITING: waiting\nOBJECTED: objected\nEFFECTIVE: effective\nCANCELLED: cancelled', enum_type=RequestState, max_length=10)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('effective_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('objected_by', fields.ForeignKeyField('gallery.Person', source_field='objected_by_id', null=True, db_constraint=True, to_field='id', related_name='owner_objections', on_delete=OnDelete.SET_NULL)),
                ('token_hash', fields.CharField(max_length=64)),
                ('invitation', fields.ForeignKeyField('gallery.Invitation', source_field='invitation_id', null=True, db_constraint=True, to_field='id', related_name='owner_requests', on_delete=OnDelete.SET_NULL)),
            ],
            options={'table': 'owner_request', 'app': 'gallery', 'indexes': [Index(fields=['organisation_id']), Index(fields=['state', 'effective_at'])], 'pk_attr': 'id', 'table_description': 'A keeper asks to invite a new owner for an organisation that lost its owners. Waiting ones are work for the worker.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Invitation',
            name='by_request',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Membership',
            name='awaits_confirmation',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Membership',
            name='invited_by',
            field=fields.ForeignKeyField('gallery.Person', source_field='invited_by_id', null=True, db_constraint=True, to_field='id', related_name='members_invited', on_delete=OnDelete.SET_NULL),
        ),
        ops.AddField(
            model_name='Membership',
            name='joined_as',
            field=fields.CharEnumField(default=JoinedAs.UNKNOWN, description='FIRST_OWNER: first_owner\nINVITED: invited\nCONFIRMED: confirmed\nREQUESTED: requested\nUNKNOWN: unknown', db_default=JoinedAs.UNKNOWN, enum_type=JoinedAs, max_length=12),
        ),
        # The member was invited by the sender of the first invitation that they accepted.
        ops.RunSQL(
            "UPDATE membership SET invited_by_id = (SELECT f.invited_by_id FROM invitation f WHERE f.id ="
            f" ({ACCEPTED} ORDER BY i.accepted_at, i.id LIMIT 1))",
            reverse_sql=ops.RunSQL.noop,
        ),
        # The person who accepted the first invitation to an organisation is its first owner.
        ops.RunSQL(
            "UPDATE membership SET joined_as = 'first_owner' WHERE"
            " (SELECT f.id FROM invitation f WHERE f.organisation_id = membership.organisation_id"
            " AND f.accepted_at IS NOT NULL ORDER BY f.accepted_at, f.id LIMIT 1) IN"
            f" ({ACCEPTED} AND i.member_role = 'owner')",
            reverse_sql=ops.RunSQL.noop,
        ),
        # A member invited by another owner, who is neither curator nor keeper, was let in by an owner.
        ops.RunSQL(
            "UPDATE membership SET joined_as = 'invited' WHERE joined_as = 'unknown'"
            " AND invited_by_id <> person_id AND EXISTS (SELECT 1 FROM membership o JOIN person q ON q.id = o.person_id"
            " WHERE o.organisation_id = membership.organisation_id AND o.person_id = membership.invited_by_id"
            " AND o.role = 'owner' AND q.role = 'member')",
            reverse_sql=ops.RunSQL.noop,
        ),
        # An owner has to confirm all other members who are curators or keepers.
        ops.RunSQL(
            "UPDATE membership SET awaits_confirmation = TRUE WHERE joined_as = 'unknown'"
            " AND person_id IN (SELECT id FROM person WHERE role <> 'member')",
            reverse_sql=ops.RunSQL.noop,
        ),
        # A person who accepted an invitation as an owner and is no owner today is a former owner.
        ops.RunSQL(
            "INSERT INTO former_owner (organisation_id, person_id, ended_at)"
            " SELECT DISTINCT i.organisation_id, p.id, CURRENT_TIMESTAMP FROM invitation i JOIN person p ON p.email = i.email"
            " WHERE i.organisation_id IS NOT NULL AND i.accepted_at IS NOT NULL AND i.member_role = 'owner'"
            " AND NOT EXISTS (SELECT 1 FROM membership o WHERE o.organisation_id = i.organisation_id"
            " AND o.person_id = p.id AND o.role = 'owner')",
            reverse_sql=ops.RunSQL.noop,
        ),
        # An organisation without an owner that had members or owns something has lost its owners.
        ops.RunSQL(
            "INSERT INTO former_owner (organisation_id, ended_at) SELECT id, CURRENT_TIMESTAMP FROM organisation"
            " WHERE id NOT IN (SELECT organisation_id FROM membership WHERE role = 'owner')"
            " AND (id IN (SELECT organisation_id FROM invitation WHERE accepted_at IS NOT NULL"
            " AND organisation_id IS NOT NULL)"
            " OR id IN (SELECT organisation_id FROM artist) OR id IN (SELECT organisation_id FROM artwork))",
            reverse_sql=ops.RunSQL.noop,
        ),
    ]
