"""People with accounts, their roles, sign-in and invitations."""
