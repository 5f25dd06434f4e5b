"""What every page uses: rendering, forms, languages, security, the page cache and the HTTP protocol."""
