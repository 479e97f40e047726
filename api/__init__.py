"""Who may ask: parses, asks one thing, answers. JSON under /api/v1, pages under `pages`."""
