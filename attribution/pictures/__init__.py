"""Pictures for paper and page, each with the table that it was drawn from."""
