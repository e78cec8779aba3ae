"""Registry of the functions that estimate each kind of served model.

A new kind is a record in ``service``, its functions in a file of its own, and one line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.estimate.serving.decode_step import parked_power_w
from carbonctl.estimate.serving.encoder_sample import encoder_board_work
from carbonctl.estimate.serving.generated_batch import (
    diffusion_board_work,
    video_seconds,
)
from carbonctl.estimate.serving.language_service import (
    decoder_board_work,
    thousand_tokens,
    throughput_board_work,
)
from carbonctl.estimate.serving.least_time import least_batch_s, least_item_s, least_sample_s
from carbonctl.estimate.serving.recommendation_service import ranking_use_phase
from carbonctl.estimate.serving.replica import ChosenModel, at_operating_point
from carbonctl.estimate.serving.request import include_reasoning
from carbonctl.estimate.serving.service import Decoder, Diffusion, Encoder, Ranking, Throughput
from carbonctl.estimate.serving.service_fleet import use_phase_from_boards

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.results import UsePhase
    from carbonctl.estimate.serving.service import Fleet
    from carbonctl.estimate.serving.service_fleet import BoardWork, Demand


class BoardService(NamedTuple):
    """A kind of service whose energy is estimated from accelerator boards.

    ``work`` returns busy hours and energy of the boards for units that are served; ``choose`` the
    model with all that a unit holds, at its operating point; ``other_units`` what the service makes
    beside its unit; ``parked_power_w`` the power of one board that has nothing to do;
    ``least_unit_s`` the time of one unit at the peak of this many devices, where a target of
    latency is held against that.
    """

    work: Callable[[Any, Num], BoardWork]
    choose: Callable[[Any, Fleet[Num]], ChosenModel] = lambda model, _fleet: ChosenModel(model)
    parked_power_w: Callable[[Any], Num | None] = lambda _model: None
    other_units: Callable[[Any, Num], dict[str, Num]] = lambda _model, _total: {}
    least_unit_s: Callable[[Any, Num], Num] | None = None

    def use(self, model: Any, fleet: Fleet[Num], demand: Demand, site: Site[Num]) -> UsePhase:
        """Energy and provisioned hours of a service of this kind."""
        chosen = self.choose(model, fleet)
        work = self.work(chosen.model, demand.served_units)
        others = self.other_units(chosen.model, demand.functional_units) | chosen.point
        parked = self.parked_power_w(chosen.model)
        return use_phase_from_boards(fleet, work, demand, site, others, parked)


class ServerService(NamedTuple):
    """A kind of service whose energy is that of whole servers, between idle and loaded."""

    use: Callable[[Any, Fleet[Num], Demand, Site[Num]], UsePhase]
    least_unit_s: Callable[[Any, Num], Num] | None = None


def service_kind(model: object) -> BoardService | ServerService:
    """The registered functions of the type of a model."""
    return _KINDS[type(model)]


def _of_board(model: Any) -> Num:
    """Power of one board that holds a model while no requests come [W]."""
    return parked_power_w(model.board)


_KINDS: dict[type, BoardService | ServerService] = {
    Decoder: BoardService(decoder_board_work, at_operating_point, _of_board, thousand_tokens),
    Throughput: BoardService(
        throughput_board_work,
        lambda model, _fleet: ChosenModel(include_reasoning(model)),
        other_units=thousand_tokens,
    ),
    Diffusion: BoardService(
        diffusion_board_work,
        parked_power_w=_of_board,
        other_units=video_seconds,
        least_unit_s=least_batch_s,
    ),
    Encoder: BoardService(
        encoder_board_work, parked_power_w=_of_board, least_unit_s=least_sample_s
    ),
    Ranking: ServerService(ranking_use_phase, least_unit_s=least_item_s),
}
