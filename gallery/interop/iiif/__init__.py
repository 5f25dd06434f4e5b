"""IIIF: the Image API, tiles, and manifests of the Presentation API."""
