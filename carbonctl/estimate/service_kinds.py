"""What the estimate needs of each kind of served model, registered in one place.

A new kind is a record in ``service``, its functions in a file of its own, and one line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.estimate.encode import encoder_work
from carbonctl.estimate.fleet import use_of_boards
from carbonctl.estimate.generate import diffusion_work, video_seconds
from carbonctl.estimate.language_service import decoder_work, thousand_tokens, throughput_work
from carbonctl.estimate.recommendation_service import ranking_use
from carbonctl.estimate.service import Decoder, Diffusion, Encoder, Ranking, Throughput
from carbonctl.estimate.speculate import whole_output, whole_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.fleet import BoardWork, Demand
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.results import Use
    from carbonctl.estimate.service import Fleet


class Boards(NamedTuple):
    """A kind whose energy is that of its accelerators and what stands around them.

    ``work`` returns busy hours and energy of the boards for units that are served; ``whole`` the
    model with all that a unit holds; ``other_units`` what the service makes beside its unit.
    """

    work: Callable[[Any, Num], BoardWork]
    whole: Callable[[Any], Any] = lambda model: model
    other_units: Callable[[Any, Num], dict[str, Num]] = lambda _model, _total: {}

    def use(self, model: Any, fleet: Fleet[Num], demand: Demand, site: Site[Num]) -> Use:
        """Energy and provisioned hours of a service of this kind."""
        model = self.whole(model)
        work = self.work(model, demand.served_units)
        others = self.other_units(model, demand.functional_units)
        return use_of_boards(fleet, work, demand, site, others)


class Servers(NamedTuple):
    """A kind whose energy is that of whole servers, between idle and loaded."""

    use: Callable[[Any, Fleet[Num], Demand, Site[Num]], Use]


def service_kind(model: object) -> Boards | Servers:
    """The registered functions of a model at its operating point."""
    return _KINDS[type(model)]


_KINDS: dict[type, Boards | Servers] = {
    Decoder: Boards(decoder_work, whole_request, thousand_tokens),
    Throughput: Boards(throughput_work, whole_output, thousand_tokens),
    Diffusion: Boards(diffusion_work, other_units=video_seconds),
    Encoder: Boards(encoder_work),
    Ranking: Servers(ranking_use),
}
