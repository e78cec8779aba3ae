"""Checks of services against the limits of the plan, with errors at their positions.

An error if no value within the ranges of the facts fits; a warning if the central value does not
fit but another one does.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from carbonctl.app.capacity import underfilled_replica_note
from carbonctl.core.errors import InputError, Problem
from carbonctl.core.units import s_from_hours
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.recommendation_service import table_devices
from carbonctl.estimate.serving.replica import DecoderReplica, arriving_load, whole_replica
from carbonctl.estimate.serving.service import Decoder, Ranking, Serving
from carbonctl.formulas.serving import replica_limits as formulas
from carbonctl.plan import operating_point as plan
from carbonctl.plan.operating_point import ServingStatus
from carbonctl.study.montecarlo import Draws

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.errors import Mark
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.inputs import Phase
    from carbonctl.plan.operating_point import Limits, OperatingPoint
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario

MAX_INFEASIBLE_SHARE = 0.20  # of the draws; beyond it the other draws are not representative
MIN_INFEASIBLE_SHARE = 0.01
_DRAWS = 500  # of the facts, where a hint names a limit that most of them keep
_KEPT = 0.85  # of those draws: more than must be feasible, for an estimate draws others
# facts of a model: more of them, fewer sequences in memory, and the other way round
_LOWER_IS_BETTER = ("output_cv", "kv_bytes", "prompt_tokens", "output_tokens", "reasoning_tokens")
_HIGHER_IS_BETTER = ("memory_share",)


class CheckResult(NamedTuple):
    """Errors and warnings of services."""

    errors: list[Problem]
    warnings: list[Problem]


def check_services(resolved: ResolvedScenario) -> CheckResult:
    """Errors and warnings of all services of a scenario; adds to its ``not_estimated``."""
    checked = CheckResult([], [])
    for phase in resolved.inputs.phases:
        if not isinstance(phase.work, Serving):
            continue
        if isinstance(phase.work.model, Decoder) and phase.work.model.limits is not None:
            found = _LanguageServiceCheck.of(phase, resolved).problems()
            checked.errors.extend(found.errors)
            checked.warnings.extend(found.warnings)
        if not checked.errors:
            words = underfilled_replica_note(phase)
            if words is not None:
                resolved.not_estimated["a replica of one's own"] = words
    return checked


def note_exchange(facts: Ranking[Fact], not_estimated: dict[str, str]) -> None:
    """Note the all-to-all of tables on several servers, whose link is not known."""
    model = bind(facts, lambda fact: fact.value)
    if model.work.exchange is None and float(table_devices(model)) > 1.0:
        reason = "the link of servers is not known"
        not_estimated["all-to-all between servers"] = reason


def check_draws(resolved: ResolvedScenario, infeasible_share: float) -> None:
    """InputError if many draws of a service are infeasible, a warning if some are."""
    share = infeasible_share
    if share < MIN_INFEASIBLE_SHARE:
        return
    service = next(p for p in resolved.inputs.phases if isinstance(p.work, Serving))
    document, under = resolved.document, (service.id, "latency")
    where: tuple[str, ...] = under if under in resolved.document.marks else (service.id,)
    message = f"in {100 * share:.0f} % of the draws no replica meets the limits of the service"
    if share > MAX_INFEASIBLE_SHARE:
        hint = "relax the latency, shorten prompts, or add devices; --samples 0 omits draws"
        raise InputError([Problem("CC304", message, document.mark(where), hint)], document.sources)
    hint = "the interval is computed from the other draws"
    resolved.warnings.append(Problem("CC304", message, document.mark(where), hint))


class _LanguageServiceCheck(NamedTuple):
    """A language service at central values, with its plan and the positions of its limits."""

    facts: Decoder[Fact]
    replica: DecoderReplica
    limits: Limits[Any]
    load: plan.Load
    point: OperatingPoint
    phase: str
    resolved: ResolvedScenario

    @classmethod
    def of(cls, phase: Phase[Fact], resolved: ResolvedScenario) -> _LanguageServiceCheck:
        """The service of a phase."""
        work = phase.work
        assert isinstance(work, Serving)  # noqa: S101 - the caller checks
        assert isinstance(work.model, Decoder)  # noqa: S101
        replica, limits, load, point = _plan_service(work, lambda fact: fact.value)
        return cls(work.model, replica, limits, load, point, phase.id, resolved)

    def mark(self, *keys: str) -> Mark | None:
        """Position of a key of the service."""
        return self.resolved.document.mark((self.phase, *keys))

    def problems(self) -> CheckResult:
        """The limit that every size of a replica violates as an error, and warnings."""
        layout = self._layout()
        if layout is not None:
            return CheckResult([layout], [])
        errors: list[Problem] = []
        warnings: list[Problem] = []
        memory = self.point.status <= ServingStatus.CONCURRENCY_DOES_NOT_FIT
        stop = self._blocking_problem()
        if stop is not None and memory and self._fits_at_best_ends():
            said = f"{stop.message}; it fits at the favorable ends of the ranges"
            warnings.append(replace(stop, message=said))
        elif stop is not None:
            errors.append(stop)
        if not errors:
            errors += self._bandwidth_errors()
            warnings += self._concurrency_warnings()
        if self.limits.ttft_s is not None:
            reason = "ttft is compared with the prefill of a single prompt"
            self.resolved.not_estimated["queues before the first token"] = reason
        return CheckResult(errors, warnings)

    def _layout(self) -> Problem | None:
        """Ranks beyond the devices there are, or experts that a replica cannot share."""
        moe, devices = self.replica.model.moe, self.limits.replica_accelerators
        if moe is None or devices is None:
            return None
        model, count, spread = self.replica.model, self.limits.accelerators, moe.expert_parallel
        if model.has_ranks and count is not None and devices > count:
            message = f"{model.data_parallel:g} ranks of {model.tensor_parallel:g} take"
            message += f" {devices:g} devices; hardware.count is {count:g}"
            hint = "at most all devices make one replica"
            return Problem("CC303", message, self.mark("data_parallel"), hint)
        most = min(devices, moe.experts)
        if spread <= most and devices % spread == 0:
            return None
        fit = [n for n in range(1, int(most) + 1) if devices % n == 0]
        nearest = min(fit, key=lambda n: abs(n - spread))
        message = f"{moe.experts:g} experts cannot be spread over {spread:g} of the"
        message += f" {devices:g} devices of a replica"
        hint = f"the nearest that can: {nearest}"
        return Problem("CC304", message, self.mark("expert_parallel"), hint)

    def _fits_at_best_ends(self) -> bool:
        """Whether memory suffices at the favorable ends of the ranges of its facts."""
        best = {id(getattr(self.facts, name)): "low" for name in _LOWER_IS_BETTER}
        best |= {id(getattr(self.facts, name)): "high" for name in _HIGHER_IS_BETTER}

        def lens(fact: Fact) -> float:
            end = getattr(fact, best[id(fact)]) if id(fact) in best else None
            return float(fact.value if end is None else end)

        work = next(p.work for p in self.resolved.inputs.phases if p.id == self.phase)
        *_, point = _plan_service(work, lens)
        return bool(point.status > ServingStatus.CONCURRENCY_DOES_NOT_FIT)

    def _blocking_problem(self) -> Problem | None:
        """The problem that blocks the plan; None if it is feasible."""
        match self.point.status:
            case ServingStatus.NOT_ALLOWED | ServingStatus.NO_SEQUENCE_FITS:
                return self._one_sequence_does_not_fit()
            case ServingStatus.CONCURRENCY_DOES_NOT_FIT:
                return self._concurrency_does_not_fit()
            case ServingStatus.ITL_NOT_MET:
                return self._itl_not_reachable()
            case ServingStatus.TTFT_NOT_MET:
                return self._ttft_not_reachable()
            case _:  # a load beyond held devices is found by check_capacity
                return None

    def _one_sequence_does_not_fit(self) -> Problem:
        """The problem that weights and one sequence do not fit the memory of any replica."""
        least, ranks = self._min_devices(1.0), float(self.replica.ranks)
        memory = f"{self.replica.model.board.memory_gb:g} GB"
        if math.isinf(least):
            each = float(self.replica.sequence_gb(ranks))
            message = f"one sequence does not fit devices of {memory}, whatever their number: each"
            message += f" needs {each:,.3g} GB of KV cache"
            hint = "give shorter prompts, or devices with more memory"
            return Problem("CC304", message, self.mark("prompt_tokens"), hint)
        stated, count = self.limits.replica_accelerators, self.limits.accelerators
        message = f"one copy of the model takes {least:.0f} devices of {memory}"
        if stated is None:
            assert self.facts.limits is not None  # noqa: S101 - it has a choice
            assert self.facts.limits.accelerators is not None  # noqa: S101 - or some size fits
            where = self.facts.limits.accelerators.where
            message = f"{message}; hardware.count is {count:g}"
            return Problem("CC304", message, where, f"give {least:.0f}")
        key, wanted = self._replica_size_key(), least / ranks
        if ranks == 1.0:
            message = f"{message}; {key} is {stated:g}"
            return Problem("CC304", message, self.mark(key), f"give {wanted:.0f}")
        message = f"{ranks:g} ranks of the model take {least:.0f} devices of {memory}"
        hint = f"give tensor_parallel: {wanted:.0f}, or fewer ranks"
        return Problem("CC304", f"{message}; they have {stated:g}", self.mark(key), hint)

    def _concurrency_does_not_fit(self) -> Problem:
        """The problem that a stated concurrency does not fit the memory of any replica."""
        wanted, where = float(self.point.batch), self.mark("concurrency")
        memory = f"devices of {self.replica.model.board.memory_gb:g} GB"
        devices, stated = self._min_devices(wanted), self.limits.replica_accelerators
        counted = self.limits.accelerators
        if stated is not None:
            most = math.floor(float(self.replica.memory_sequences(stated)))
            message = f"a concurrency of {wanted:,.0f} does not fit {stated:g} {memory}:"
            message += f" the largest that fits is {most:,.0f}"
            return Problem("CC304", message, where, self._tensor_parallel_hint(devices))
        message = f"a concurrency of {wanted:,.0f} takes {devices:.0f} {memory}"
        if math.isinf(devices):
            message = (
                f"a concurrency of {wanted:,.0f} does not fit {memory}, whatever their number:"
            )
            message += " each needs the KV cache of all sequences"
        if counted is not None:
            message += f"; hardware.count is {counted:g}"
        hint = f"the largest that fits is {math.floor(self._max_batch()):,.0f}"
        if counted is None and self.replica.model.moe is not None:
            hint += "; data_parallel gives each rank sequences of its own"
        return Problem("CC304", message, where, hint)

    def _itl_not_reachable(self) -> Problem:
        """The problem that an inter-token latency is below what any replica reaches."""
        best, seconds = self._quickest(lambda replica, n: replica.inter_token_latency_s(1.0, n))
        reached = seconds * 1e3
        floor = float(self.replica.bandwidth_floor_s(best)) * 1e3
        assert self.limits.itl_s is not None  # noqa: S101 - it stops the choice
        target = self.limits.itl_s * 1e3
        message = f"an inter-token latency of {target:g} ms cannot be met on {_devices(best)}: "
        if target < floor:
            message += f"reading the weights once takes {floor:.3g} ms"
        else:
            message += f"one sequence alone takes {reached:.3g} ms"
        lowest = self._kept_by_most(_alone_s)
        hint = f"the lowest that can be met is {lowest:g} ms"
        return Problem("CC304", message, self.mark("latency", "itl"), hint)

    def _quickest(self, seconds: Callable[[DecoderReplica, Any], Any]) -> tuple[float, float]:
        """The size of a replica that takes the least time, and that time [s]."""
        sizes = self._allowed_sizes()
        each = np.broadcast_to(np.asarray(seconds(self.replica, sizes), dtype=float), sizes.shape)
        place = int(np.argmin(each))
        return float(sizes[place]), float(each[place])

    def _kept_by_most(self, seconds: Callable[[DecoderReplica, Any], Any]) -> float:
        """A time in ms that the best size keeps in most draws; ``seconds`` are those of each size.

        A target at the central time would be missed in about every second draw.
        """
        work = next(p.work for p in self.resolved.inputs.phases if p.id == self.phase)
        model = whole_replica(bind(work, Draws(_DRAWS, 1)).model)
        sizes = self._allowed_sizes()[:, None]
        each = np.asarray(seconds(DecoderReplica(model), sizes), dtype=float)
        best = np.min(each + np.zeros_like(sizes), axis=0)  # ranks take as long on any devices
        return _round_up(float(np.quantile(best, _KEPT)) * 1e3)

    def _ttft_not_reachable(self) -> Problem:
        """The problem that a time to first token is below the prefill time of one prompt."""
        best, seconds = self._quickest(DecoderReplica.prefill_s)
        assert self.limits.ttft_s is not None  # noqa: S101 - it stops the choice
        message = f"a time to first token of {self.limits.ttft_s * 1e3:g} ms cannot be met on"
        message += f" {_devices(best)}: the prefill of one prompt takes {seconds * 1e3:.3g} ms"
        lowest = self._kept_by_most(DecoderReplica.prefill_s)
        hint = f"the lowest that can be met is {lowest:g} ms"
        return Problem("CC304", message, self.mark("latency", "ttft"), hint)

    def _bandwidth_errors(self) -> list[Problem]:
        """An error if a stated throughput needs steps shorter than one read of the weights."""
        measured = self.replica.model.measured
        if measured is None:
            return []
        devices = self.point.devices
        seconds = formulas.step_s_from_throughput(
            batch=self.point.batch,
            accelerators=measured.accelerators,
            replica_accelerators=devices,
            throughput_per_hour=measured.throughput_per_hour,
        )
        floor = self.replica.bandwidth_floor_s(devices)
        if seconds >= floor:
            return []
        most = measured.throughput_per_hour / s_from_hours(1.0) * seconds / floor
        message = f"this throughput needs steps of {seconds * 1e3:.3g} ms at this concurrency;"
        message += f" reading the weights once takes {floor * 1e3:.3g} ms"
        hint = f"at most {most:,.0f} token/s"
        return [Problem("CC304", message, self.mark("throughput"), hint)]

    def _concurrency_warnings(self) -> list[Problem]:
        """A warning if a stated concurrency exceeds the sequences that the load has in flight."""
        if not self.limits.is_stated or self.limits.concurrency is None:
            return []
        devices, stated = self.point.devices, float(self.point.batch)
        packed = plan.Load(self.load.arriving_tokens_per_s)  # no other replica takes any of it
        asked = float(packed.arriving_tokens_per_s) * float(self.point.inter_token_latency_s)
        if stated <= max(1.0, math.ceil(asked)):
            return []
        free = replace(self.limits, is_stated=False, replica_accelerators=devices)
        kept = plan.choose_operating_point(self.replica, free, packed, 0).batch
        message = f"a concurrency of {stated:,.0f} is more than the load has in flight:"
        message += f" {math.ceil(float(kept) - 1e-9):,.0f}"
        hint = "correct if requests are collected into batches; otherwise remove concurrency"
        return [Problem("CC303", message, self.mark("concurrency"), hint)]

    def _replica_size_key(self) -> str:
        """The key of the scenario that sets the number of devices of a replica."""
        wide = (self.phase, "tensor_parallel")
        return "tensor_parallel" if wide in self.resolved.document.marks else "data_parallel"

    def _allowed_sizes(self) -> Any:
        """Allowed sizes of a replica, in devices, whose memory fits one sequence."""
        sizes = plan.replica_sizes(self.limits, 0)
        memory = self.replica.memory_sequences(sizes)
        return sizes[plan.is_allowed(sizes, memory, self.limits) & (memory >= 1.0)]

    def _unconstrained_sizes(self) -> tuple[Any, Any]:
        """Sizes of a replica without stated limits, and the sequences that fit each."""
        free = replace(self.limits, replica_accelerators=None, accelerators=None)
        ranks = float(self.replica.ranks)
        sizes = plan.replica_sizes(free, 0) * ranks
        memory = self.replica.memory_sequences(sizes)
        allowed = plan.is_allowed(sizes / ranks, memory, free)
        return sizes[allowed], memory[allowed]

    def _min_devices(self, batch: float) -> float:
        """The smallest number of devices whose memory fits a batch; infinite if none does."""
        sizes, memory = self._unconstrained_sizes()
        return float(np.min(np.where(memory >= batch, sizes, np.inf), initial=np.inf))

    def _max_batch(self) -> float:
        """The largest batch that fits the memory of the stated devices, or of any number."""
        if self.limits.accelerators is not None:
            sizes = np.array([self.limits.accelerators])
            return float(self.replica.memory_sequences(sizes)[0])
        return float(np.max(self._unconstrained_sizes()[1], initial=0.0))

    def _tensor_parallel_hint(self, devices: float) -> str:
        """A hint with the tensor parallelism at which a batch would fit."""
        if math.isinf(devices):
            more = float(self.replica.ranks) > 1
            return "or use more ranks" if more else "more devices do not increase the KV cache"
        return f"or tensor_parallel: {devices / float(self.replica.ranks):.0f}"


def _plan_service(
    work: Any, lens: Any
) -> tuple[DecoderReplica, Limits[Any], plan.Load, OperatingPoint]:
    """The replica, limits, load and operating point of a service, with facts bound by a lens."""
    plain = bind(work, lens)
    model = whole_replica(plain.model)
    limits: Any = model.limits
    replica = DecoderReplica(model)
    load = arriving_load(model, plain.fleet)
    point = plan.choose_operating_point(replica, limits, load, 0)
    return replica, limits, load, point


def _devices(count: float) -> str:
    """A number of devices in words."""
    return "1 device" if count == 1.0 else f"{count:g} devices"


def _alone_s(replica: DecoderReplica, devices: Any) -> Any:
    """Time between the tokens of one sequence, as a target of latency is compared with it [s]."""
    limits = replica.model.limits
    residual = None if limits is None else limits.throughput_residual
    alone = replica.inter_token_latency_s(1.0, devices)
    return alone if residual is None else alone / residual


def _round_up(value: float) -> float:
    """A value rounded up to three digits."""
    size = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.ceil(value / size) * size
