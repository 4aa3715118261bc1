"""How is Twilio's REST API asked, inside a budget?  `twilio` is the way in."""
