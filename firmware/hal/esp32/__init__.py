"""ESP32 and ESP32-S3 with MicroPython ≥ 1.27. Not run by any test: there is no emulator of the chip that could be had.

What is checked instead: it compiles for the chip, and every attribute that it uses of the port's modules is in the
port's published stubs (tests/unit/test_firmware_esp32.py). What decides is elsewhere and is tested.
"""
