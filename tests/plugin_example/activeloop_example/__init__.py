"""An example of a plug-in: two query strategies and a model recipe."""
