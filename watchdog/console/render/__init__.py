"""From view models to HTML, SVG and JSON."""
