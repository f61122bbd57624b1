"""The drum machine over HTTP: an API, and the page that uses it."""
