"""What runs on a pole. `app` decides and is pure; `hal` is the only part that knows the hardware; `main`
joins them.
"""
