"""A viewer's rate holds over all processes that exchange_uses each other."""

from __future__ import annotations

from student_graph.gateway.web.token_bucket import ViewerRates

RATE, BURST = 10.0, 40
VIEWER = ("https://login.example", "ada")


class Clock:
    """Seconds that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def processes(count: int) -> tuple[list[ViewerRates], Clock]:
    """Processes that share the rates of viewers."""
    clock = Clock()
    rates = [ViewerRates(RATE, BURST, clock) for _ in range(count)]
    for process in rates:
        process.is_shared = True
    return rates, clock


def exchange_uses(rates: list[ViewerRates]) -> None:
    """Send the uses of each process to all others."""
    for process, uses in [(process, process.take_uses()) for process in rates]:
        for other in rates:
            if other is not process:
                other.charge(uses)


def test_the_rate_is_one_over_all_processes() -> None:
    """Messages each tenth of a second suffice, however the requests of a viewer are spread."""
    rates, clock = processes(4)
    answered = 0
    for step in range(600):
        answered += sum(process.take(VIEWER) for process in rates for _ in range(2))
        if step == 300:
            answered = 0  # the burst is over
        exchange_uses(rates)
        clock.now += 0.1

    assert answered <= RATE * 30 * 1.05


def test_one_process_alone_gives_the_complete_rate() -> None:
    """A viewer whose only connection is with one of them is not limited to a share."""
    rates, clock = processes(4)
    burst = sum(rates[0].take(VIEWER) for _ in range(100))
    exchange_uses(rates)
    for _ in range(10):
        clock.now += 1.0 / RATE
        assert rates[0].take(VIEWER)

    assert burst == BURST


def test_a_burst_beyond_the_limit_is_paid_for() -> None:
    """What several processes answered before they counted together is missing afterwards, in all of them."""
    rates, clock = processes(2)
    answered = sum(process.take(VIEWER) for process in rates for _ in range(100))
    exchange_uses(rates)
    clock.now += BURST / RATE - 0.2

    assert answered == 2 * BURST
    assert not any(process.take(VIEWER) for process in rates)


def test_no_name_of_a_viewer_leaves_the_process() -> None:
    """Others get a hash."""
    rates, _ = processes(1)
    rates[0].take(VIEWER)
    [name] = rates[0].take_uses()

    assert "ada" not in name
    assert len(name) == 32
