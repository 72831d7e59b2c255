"""ESP32 and ESP32-S3 with MicroPython ≥ 1.27. Not run on a board by any test: there is no emulator of the chip that
could be had.

What is tested instead: it compiles for the chip (tests/unit/test_firmware_esp32.py); it runs, on the real MicroPython
and littlefs, against fakes of the port's modules (tests/twin/test_firmware_board.py), whose names, parameters and
defaults are those of the port's published stubs (tests/unit/test_firmware_fakes.py). What decides is elsewhere and is
tested there.
"""
