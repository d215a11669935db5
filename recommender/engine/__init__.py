"""The engine: functions over arrays, without Django, globals or hidden randomness."""
