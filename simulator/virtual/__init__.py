"""A pole in virtual time: the firmware and the interpreter are real, the clock is not. Runs on unix MicroPython."""
