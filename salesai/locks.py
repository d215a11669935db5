"""PostgreSQL's advisory locks that have a number: any that nothing else on the database uses."""

from enum import IntEnum


class AdvisoryLock(IntEnum):
    """What one at a time may do.

    TRAINING   held by a trainer until its connection ends
    FILING     of activities for many clients
    BEGINNING  of a training beside the process that asks for it, until it holds TRAINING itself
    """

    TRAINING = 7_235_011
    FILING = 7_235_012
    BEGINNING = 7_235_013
