"""One pole's mind: everything it decides, with the hardware passed in. See `firmware/hal/contract.md`."""
