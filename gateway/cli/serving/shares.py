"""What one process of several may use of what a vendor allows to all of them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from student_graph.adapters.contract import AdapterSettings

CONCURRENCY, QUOTA = "concurrency", "requests_per_minute"
"""Settings of a source: what its vendor allows for these credentials in all."""


@dataclass(frozen=True, slots=True)
class VendorShare:
    """The share of one worker, of one of several gateways that call the same vendors."""

    workers: int = 1
    number: int = 1
    """Position of the worker among those of its gateway, from 1."""
    gateways: int = 1

    def of(self, settings: AdapterSettings, configured: Container[str]) -> AdapterSettings:
        """
        The settings of a source with this worker's share of its limits; `configured` are those that were set.

        The shares of all workers add up to no more than the limit. A concurrency that is the adapter's default is
        no word of the vendor: each worker may then send one request at once, however many workers there are.

        Raises:
            ValueError: there are more workers than requests to share.
        """
        if self.workers * self.gateways == 1:
            return settings
        shares = {CONCURRENCY: self._concurrency(settings.concurrency, is_set=CONCURRENCY in configured)}
        if (quota := settings.requests_per_minute) is not None:
            self._check(QUOTA, quota)
            shares[QUOTA] = quota // (self.workers * self.gateways)
        return settings.model_copy(update=shares)

    def _concurrency(self, limit: int, *, is_set: bool) -> int:
        if is_set:
            self._check(CONCURRENCY, limit)
        of_gateway = limit // self.gateways
        rest = of_gateway % self.workers
        return max(of_gateway // self.workers + (self.number <= rest), 1)

    def _check(self, name: str, limit: int) -> None:
        """Refuse a limit that is too small to give each worker a share."""
        if limit // self.gateways < self.workers:
            senders = f"{self.workers} workers"
            if self.gateways > 1:
                senders = f"{self.gateways} gateways with {senders} each"
            raise ValueError(
                f"{name}: {limit} is too little for {senders}: each of them needs at least 1; "
                "start fewer workers (server.workers or --workers), or set more here if the vendor allows it"
            )
