"""Virtual time for MicroPython: asyncio whose clock jumps to the next timer as soon as nobody has anything to do.

The interpreter's own task queue is in C and looks at the machine's clock; this one takes its place. To be imported
before asyncio is. Times are in ms and wrap at 2^30 as they do on an ESP32.
"""

import sys

WRAP = 1 << 30
HALF = 1 << 29
MASK = WRAP - 1


class Time:
    """What the machine's clock is taken for."""

    us = 0
    ms = 0  # the same for asyncio, wrapping: a small integer, as it is asked for several times in each slice
    slices = 0  # times that nobody had anything to do
    on_idle = None  # function called each time, before the clock jumps

    @staticmethod
    def jump(milliseconds):
        """So much later."""
        Time.us += milliseconds * 1000
        Time.ms = (Time.ms + milliseconds) & MASK


def ticks_ms():
    """Milliseconds of virtual time, wrapping."""
    return Time.ms


def _later(left, right):
    return ((left - right + HALF) & MASK) - HALF


class TaskQueue:
    """Tasks by the instant at which they run; first in, first out among equals."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        task.data = None
        task.ph_key = key = Time.ms if key is None else key
        tasks = self._tasks
        first = 0
        end = len(tasks)
        while first < end:  # the place behind all that are not later
            middle = (first + end) >> 1
            if ((tasks[middle].ph_key - key + HALF) & MASK) > HALF:
                end = middle
            else:
                first = middle + 1
        tasks.insert(first, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    """A coroutine and what waits for it: the fields are those that asyncio's core works with."""

    def __init__(self, coro, globals=None):
        self.coro = coro
        self.data = None  # what it waits for, or its result
        self.state = True  # None: done and taken note of; False: nobody has; a TaskQueue: those who wait for its end
        self.ph_key = 0

    def __iter__(self):
        if not self.state:
            self.state = None
        elif self.state is True:
            self.state = TaskQueue()
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        import asyncio

        self.state.push(asyncio.core.cur_task)
        asyncio.core.cur_task.data = self

    def done(self):
        return not self.state

    def cancel(self):
        import asyncio

        core = asyncio.core
        if not self.state:
            return False
        if self is core.cur_task:
            raise RuntimeError("can't cancel self")
        while isinstance(self.data, Task):
            self = self.data
        if hasattr(self.data, "remove"):
            self.data.remove(self)
            core._task_queue.push(self)
        elif _later(self.ph_key, ticks_ms()) > 0:
            core._task_queue.remove(self)
            core._task_queue.push(self)
        self.data = core.CancelledError
        return True


class IOQueue:
    """Nobody waits for a socket: when nothing else is to do, the next timer is due."""

    def __init__(self):
        self.map = {}

    def _enqueue(self, stream, index):
        raise OSError("no sockets in virtual time")

    def wait_io_event(self, milliseconds):
        if milliseconds < 0:
            raise RuntimeError("everybody waits for ever")
        if milliseconds:
            Time.slices += 1
            if Time.on_idle:
                Time.on_idle()
            Time.jump(milliseconds)


def install():
    """asyncio, which lives in virtual time from now on."""
    sys.modules["_asyncio"] = sys.modules[__name__]
    import asyncio

    core = asyncio.core
    core.ticks = ticks_ms
    core.ticks_diff = _later
    core.ticks_add = lambda left, right: (left + right) & MASK
    core.IOQueue = IOQueue
    core.new_event_loop()
    assert core.Task is Task, "asyncio was imported before"
    return asyncio
