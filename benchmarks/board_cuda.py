"""Points of a plan on a CUDA board: graphs of decode steps, chunks between events."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from board_model import Decoder, import_torch
from board_power import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from board_plan import Point

WARM_STEPS = 3  # before a capture: libraries choose kernels and reserve memory
CHILD = """
import time, torch
a = torch.ones(4096, 4096, device="cuda", dtype=torch.bfloat16)
end = time.time() + 3
while time.time() < end:
    for _ in range(50):
        a @ a
    torch.cuda.synchronize()
"""


class CudaWork:
    """Steps in the queue of a board, with an event after each chunk."""

    def __init__(self, torch: Any, step: Callable[[], Any]) -> None:
        self.torch, self.step = torch, step
        self.events: deque[Any] = deque()

    def enqueue(self, steps: int) -> None:
        """Put steps in the queue, without waiting."""
        for _ in range(steps):
            self.step()
        event = self.torch.cuda.Event()
        event.record()
        self.events.append(event)

    def pending(self) -> int:
        """Calls of ``enqueue`` whose steps are not done."""
        while self.events and self.events[0].query():
            self.events.popleft()
        return len(self.events)

    def drain(self) -> None:
        """Wait until the queue is empty."""
        self.torch.cuda.synchronize()
        self.events.clear()


class CudaDevice:
    """A CUDA board by the index of the driver; PyTorch sees no other, here and in children."""

    def __init__(self, index: int, is_graphed: bool) -> None:
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        os.environ["CUDA_VISIBLE_DEVICES"] = str(index)
        self.torch = import_torch()
        self.is_graphed, self.where = is_graphed, "cuda"
        self.kept: tuple[Any, Decoder] | None = None

    def burst_in_child(self) -> None:
        """Work for some seconds in a process of its own, which ends and leaves no context."""
        command = [sys.executable, "-c", CHILD]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            last = said[-1] if said else "no CUDA"
            raise BoardError(f"PyTorch cannot use the board: {last}")

    def _decoder(self, point: Point) -> Decoder:
        """The weights of a point, kept from the last one where they are the same."""
        key = (point.shape, point.precision, point.kind == "train")
        if self.kept is None or self.kept[0] != key:
            self.release()
            self.kept = (key, Decoder(self.torch, point.shape, point.precision, self.where))
        return self.kept[1]

    def release(self) -> None:
        """Free the weights."""
        self.kept = None
        self._collect()

    def _collect(self) -> None:
        """Give back the caches and graphs of points that are over."""
        gc.collect()
        self.torch.cuda.empty_cache()

    def _captured(self, step: Callable[[], Any]) -> Callable[[], Any]:
        """The step as a CUDA graph, which the host launches at once."""
        torch = self.torch
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_STEPS):
                step()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        return graph.replay

    @contextmanager
    def load(self, point: Point) -> Iterator[CudaWork]:
        """The work of a point; weights of a shape and precision are kept for the next point."""
        torch = self.torch
        self._collect()
        try:
            decoder = self._decoder(point)
            if point.kind == "train":
                yield CudaWork(torch, decoder.train_step(point))
                return
            made = decoder.decode_step if point.kind == "decode" else decoder.prefill_step
            with torch.inference_mode():
                step = made(point)
                is_graphed = self.is_graphed and point.kind == "decode"
                yield CudaWork(torch, self._captured(step) if is_graphed else step)
        except torch.cuda.OutOfMemoryError:
            self.kept = None
            raise

    def is_out_of_memory(self, error: Exception) -> bool:
        """Whether an error says that the board has no memory left."""
        return isinstance(error, self.torch.cuda.OutOfMemoryError)
