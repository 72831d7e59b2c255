"""States are tables: `LIFE = {"draft": {"submit": "submitted"}, …}`. An illegal event raises and changes
nothing.
"""


class IllegalEvent(ValueError):
    """The event has no meaning in this state."""


def step(life, state, event):
    """The state after `event` in `state`, or IllegalEvent."""
    try:
        return life[state][event]
    except KeyError:
        raise IllegalEvent("%s in state %s" % (event, state))


def can(life, state, event):
    """True if the table knows `event` in `state`."""
    return event in life.get(state, ())


def states(life):
    """Every state that the table names, as source or as target."""
    found = set(life)
    for moves in life.values():
        found.update(moves.values())
    return found


def events(life):
    """Every event that the table names."""
    found = set()
    for moves in life.values():
        found.update(moves)
    return found
