"""What the fakes of an ESP32's modules are joined to: one chip, its pins, radio and flash. For MicroPython."""

BLOCK_BYTES = 4096
IMAGE_BEGINS = 0xE9  # of what ESP-IDF takes for an image


class Chip:
    """Everything may be looked at and set. `told` is what was done to the hardware, in order."""

    def __init__(self):
        self.told = []
        self.levels = {}  # of pins, by number; what nothing drives is high (pulled up)
        self.millivolts = {}  # at converters' pins
        self.hz = 160000000
        self.cause = 1  # of the last reset: power
        self.rtc = None
        self.reset = False
        self.fahrenheit = 131
        self.card = None  # bytes of the card in the slot
        # The radio
        self.wifi_on = False
        self.joined = False
        self.access_point = ("loa", "secret")  # None: out of range
        self.name_server = "0.0.0.0"
        self.air = []  # datagrams of ESP-NOW that have come
        self.sent = []
        # The flash: partitions in the table's order; the bootloader's record: None, or [label, state, the one before]
        self.partitions = {"ota_0": Part(0, 0x10, 0x10000, 8), "ota_1": Part(0, 0x11, 0x20000, 8)}
        self.partitions["ota_0"].bytes[0] = IMAGE_BEGINS  # flashed by cable
        self.running = "ota_0"
        self.otadata = None
        self.rollback = True

    def restart(self):
        """What the bootloader does at a reset: the label of the core that runs."""
        boot, state, before = self.otadata or ("ota_0", "valid", "ota_0")
        if state == "pending":
            boot, state = before, "valid"
        elif state == "new":
            state = "pending" if self.rollback else "valid"
        if self.otadata:
            self.otadata = [boot, state, before]
        self.running = boot
        return boot


class Part:
    """One partition."""

    def __init__(self, kind, subtype, address, blocks):
        self.kind = kind
        self.subtype = subtype
        self.address = address
        self.bytes = bytearray(b"\xff" * (BLOCK_BYTES * blocks))


chip = Chip()


def renew():
    """Another chip, as it comes from the factory."""
    global chip
    chip = Chip()
    return chip
