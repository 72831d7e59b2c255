"""The Common Alerting Protocol 1.2 at the door: bytes of strangers become a message, or one sentence why not.

`read` takes a file or an item of a feed; `write` gives a message as XML that anybody's reader takes.
"""

from headend.adapters.cap.door import BadCap
from headend.adapters.cap.reading import read
from headend.adapters.cap.signature import Doubtful, Trusted
from headend.adapters.cap.writing import write

__all__ = ["BadCap", "Doubtful", "Trusted", "read", "write"]
