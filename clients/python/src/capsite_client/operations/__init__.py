"""Every call the site offers, as a flow; the clients take their methods from here."""
