"""Human-readable text: tables, notes, errors, help, Markdown."""
