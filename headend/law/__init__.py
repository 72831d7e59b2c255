"""The legal texts as dated data, and the rule-sets drawn from them. `domain.lawful` decides."""
