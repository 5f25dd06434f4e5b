"""An online exhibition gallery for artwork by the people whom charities help."""
