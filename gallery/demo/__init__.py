"""The demo: a complete living example of a gallery, with pictures it draws itself."""
