"""Text for people: tables, notes, errors, help, Markdown."""
