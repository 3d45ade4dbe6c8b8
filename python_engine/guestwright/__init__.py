"""guestwright: guest processing as code.

The pipeline is ``load -> validate -> plan -> render -> run -> report``. Everything before ``run`` is a pure
function from bytes to frozen values; only ``execution`` touches the machine and its guests.
"""

__version__ = "0.1.0"
