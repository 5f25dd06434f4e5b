"""Supporters: people, media and firms who lend an exhibition their name and reach, and have agreed to it themselves."""
