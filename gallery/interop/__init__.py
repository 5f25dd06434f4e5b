"""What other programs read: feeds, sitemaps, oEmbed, iCalendar, IIIF."""
