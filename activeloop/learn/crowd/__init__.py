"""What several annotators said of the same samples: whom to believe, and how far they agree."""
