"""The routes of the pages, the forms and the JSON API."""
