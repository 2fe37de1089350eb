"""How people prove who they are: local accounts with a second factor, or an OpenID provider."""
