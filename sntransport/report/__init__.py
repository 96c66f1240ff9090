"""Tables of results, and the page that shows all of them."""
