"""The head-end of a commune loudspeaker station: decides what goes on air, seals it, and keeps what came back."""
