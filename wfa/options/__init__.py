"""The one grammar of settings: options, their limits, recipes, words, help, a run's config."""
