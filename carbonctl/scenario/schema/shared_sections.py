"""Sections that are used in several places: model, hardware, site."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_plain_validator_function

from carbonctl.scenario.schema.quantity import (
    Count,
    Intensity,
    Liters,
    Pue,
    ShareOrZero,
    StatedQuantity,
    quantity_error,
)

Precision = Literal["fp32", "bf16", "fp16", "fp8", "int8", "int4", "fp4", "mxfp4", "nvfp4"]
KvPrecision = Literal["bf16", "fp16", "fp8", "int8", "int4", "nvfp4"]  # of a KV cache
Statistic = Literal["value", "p50", "p95"]
OnUncertain = Literal["warn", "fail"]
IMAGE_SIZE = r"^[1-9]\d{1,4}x[1-9]\d{1,4}$"


class Section(BaseModel):
    """Base class of all sections: unknown keys are errors, instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Core schema: inside another section a call, so that pydantic builds it on first use."""
        if handler.field_name is None:
            return handler(source)
        name = f"{cls.__module__}.{cls.__qualname__}:{id(cls)}"  # as pydantic names it elsewhere
        return no_info_plain_validator_function(cls.model_validate, ref=name)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """JSON Schema of the section, one definition that others refer to by name."""
        if schema["type"] == "function-plain":
            schema = cls.__pydantic_core_schema__
        return handler(schema)


class Tables(Section):
    """Embedding tables of a recommendation model."""

    count: Count
    rows: Count
    dim: Count
    lookups: Count
    bytes: Count | None = None


class Model(Section):
    """A model, by its id in the database or by its dimensions."""

    id: str | None = None
    kind: Literal["llm", "encoder_decoder", "diffusion_unet", "dlrm"] | None = None
    params: Count | None = None
    active_params: Count | None = None
    layers: Count | None = None
    hidden: Count | None = None
    heads: Count | None = None
    kv_heads: Count | None = None
    head_dim: Count | None = None
    vocabulary: Count | None = None
    tied_embeddings: bool | None = None
    window: Count | None = None
    experts: Count | None = None
    experts_per_token: Count | None = None
    mlp_params: Count | None = None
    tables: Tables | None = None

    @model_validator(mode="before")
    @classmethod
    def _parse_text(cls, raw: Any) -> Any:
        return {"id": raw} if isinstance(raw, str) else raw


def _check_whole(quantity: StatedQuantity) -> StatedQuantity:
    """Check that a number of devices is a whole number."""
    if quantity.value != int(quantity.value):
        message = f"must be a whole number of devices, not {quantity.value:g}"
        raise quantity_error("CC203", message, "value", "as in 8")
    return quantity


WholeCount = Annotated[Count, AfterValidator(_check_whole)]


class Hardware(Section):
    """Hardware; ``count`` is of accelerators, or of servers that have none."""

    accelerator: str | None = None
    server: str | None = None
    instance: str | None = None
    count: WholeCount | None = None


class Site(Section):
    """Where the work runs."""

    region: str | None = None
    grid: Intensity | None = None
    contracted_clean: ShareOrZero | None = None
    pue: Pue | None = None
    wue: Liters | None = None
    ewif: Liters | None = None
    coverage: Literal["lifecycle", "direct"] = "lifecycle"
    operator: Literal["own", "colocation", "cloud"] | None = None
