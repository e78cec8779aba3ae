"""Every key of a scenario file, from the schema; and a scenario and a value for each."""

from __future__ import annotations

import copy
from typing import get_args, get_origin

from carbonctl.scenario.schema.scenario_file import Scenario
from carbonctl.scenario.schema.shared_sections import Section

# Keys that name or label, and change no estimate by design: each with the reason.
LABELS = {
    "schema": "names the version of the file",
    "name": "labels the result",
    "train.name": "labels a run",
    "embodied.parts.0.chip.name": "labels a part",
    "budget.statistic": "read by a gate",
    "budget.on_uncertain": "read by a gate",
    "embodied.comparators": "other people's figures, printed beside ours",
    **{
        f"{phase}site.operator": "decides the scope in -f ghg, tested there"
        for phase in ("", "data.", "experiments.", "train.", "train.runs.0.", "infer.")
    },
}


def _sections(annotation):
    """Sections that a type holds, and whether it is a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return [annotation], False
    found, listed = [], get_origin(annotation) is list
    for arg in get_args(annotation):
        inner, inside = _sections(arg)
        found += inner
        listed = listed or inside
    return found, listed


def every_key(model=Scenario, path=()):
    """Dotted paths of all keys that hold no section; the first entry of a list stands for all."""
    for name, info in model.model_fields.items():
        shown = info.alias or name
        sections, listed = _sections(info.annotation)
        if not sections:
            yield ".".join((*path, shown))
        for section in sections:
            yield from every_key(section, (*path, shown, "0") if listed else (*path, shown))


# Keys that are listed under ``not estimated`` where they are stated.
LISTED = {"data.ingest": "data ingestion servers"}

LLM = {"kind": "llm", "params": "8e9", "layers": 32, "hidden": 4096, "heads": 32, "kv_heads": 8,
       "head_dim": 128}  # fmt: skip
WORDS = {k: v for k, v in LLM.items() if k != "kv_heads"} | {"vocabulary": 128256}
MIXTURE = {"kind": "llm", "params": "47e9", "active_params": "13e9", "layers": 32, "hidden": 4096,
           "heads": 32, "kv_heads": 8, "head_dim": 128, "experts": 8,
           "experts_per_token": 2}  # fmt: skip
SHARED = {"kind": "llm", "params": "47e9", "active_params": "13e9", "layers": 32}
DLRM = {"kind": "dlrm", "mlp_params": "1e6",
        "tables": {"count": 100, "rows": "1e6", "dim": 64, "lookups": 20}}  # fmt: skip
GPU = {"accelerator": "h100-sxm", "count": 8}
SITE = {"region": "SE"}
COMMON = {"hardware": GPU, "site": SITE}
MANY = {"hardware": {"accelerator": "h100-sxm", "count": 64}}
EMBODIED_GPU = {"hardware": {"server": "dgx-h100"}, "embodied": {"subject": "server"}}

BASES = {
    "tokens": ("train", COMMON | {"model": WORDS, "train": {"tokens": "1e10", "context": 8192}}),
    "mixture": ("train", COMMON | MANY | {"model": SHARED, "train": {"tokens": "1e10"}}),
    "hours": ("train", COMMON | {"train": {"accelerator_hours": 1000}}),
    "days": ("train", COMMON | {"train": {"days": "10 d"}}),
    "bare": ("train", COMMON | {"train": {}}),
    "none": ("train", {"model": LLM, "site": SITE, "train": {"tokens": "1e10"}}),
    "t5": ("train", COMMON | {"model": "t5-11b",
                              "train": {"input_tokens": "1e9", "target_tokens": "2e8"}}),
    "tune": ("train", COMMON | {"model": "llama-3.1-8b",
                                "train": {"tokens": "1e8", "method": "lora",
                                          "adapter_params": "4e7"}}),
    "teacher": ("train", COMMON | {"model": LLM, "train": {
        "tokens": "1e9", "teacher": {"params": "8e9"}}}),
    "mixed teacher": ("train", COMMON | {"model": LLM,
                                         "train": {"tokens": "1e9", "teacher": {
                                             "params": "47e9", "active_params": "13e9"}}}),
    "grpo": ("train", COMMON | {"model": LLM, "train": {
        "method": "grpo", "rollout_throughput": "20k/s",
        "rollouts": {"prompts": 1000, "group": 8, "tokens": 500}}}),
    "vit": ("train", COMMON | {"model": "vit-l-16", "train": {"samples": "1e6"}}),
    "picture": ("train", COMMON | {"model": "sdxl-base-1.0", "train": {"samples": "1e6"}}),
    "clip": ("train", COMMON | {"model": "wan-2.1-t2v-1.3b", "train": {"samples": "1e5"}}),
    "tables": ("train", {"model": DLRM, "site": SITE, "hardware": {
        "server": "dgx-a100-640gb", "count": 16}, "train": {"samples": "1e9"}}),
    "online": ("train", {"model": DLRM, "site": SITE, "period": "1 y", "hardware": {
        "server": "dgx-a100-640gb", "count": 16},
        "train": {"samples": "1e9", "online": {"samples": "1e7", "every": "1 d"}}}),
    "phones": ("train", {"site": SITE, "train": {"federated": {
        "devices": 1000, "hours_per_device": "2 h", "communication_hours": "1 h"}}}),
    "trials": ("train", COMMON | {"experiments": {
        "trials": 10, "accelerator_days": {"p50": 1, "p99": 20}}}),
    "tried hours": ("train", COMMON | {"experiments": {"accelerator_hours": 100}}),
    "share": ("train", COMMON | {"experiments": {}, "train": {"days": "10 d"}}),
    "data": ("train", {"site": SITE, "data": {"stored": "1e6 GB"}}),
    "chat": ("infer", COMMON | {"model": LLM, "infer": {
        "requests": "100k/day", "prompt_tokens": 3000, "output_tokens": 3000,
        "concurrency": 32, "tensor_parallel": 2}}),
    "chat alone": ("infer", COMMON | {"model": LLM, "infer": {
        "requests": "100k/day", "prompt_tokens": 500, "output_tokens": 300}}),
    "chat on ranks": ("infer", COMMON | {"model": MIXTURE, "infer": {
        "requests": "10k/day", "prompt_tokens": 500, "output_tokens": 300, "concurrency": 32}}),
    "draft": ("infer", COMMON | {"model": LLM | {"params": "70e9"}, "infer": {
        "requests": "10k/day", "prompt_tokens": 500, "output_tokens": 300, "concurrency": 8,
        "speculative": {"draft": LLM | {"params": "1e9"}, "tokens": 4, "acceptance": "70 %"}}}),
    "mixed draft": ("infer", COMMON | {"model": LLM | {"params": "70e9"}, "infer": {
        "requests": "10k/day", "prompt_tokens": 500, "output_tokens": 300, "concurrency": 8,
        "speculative": {"draft": MIXTURE, "tokens": 4, "acceptance": "70 %"}}}),
    "images": ("infer", COMMON | {"model": "sdxl-base-1.0", "infer": {"images": "10k/day"}}),
    "videos": ("infer", COMMON | {"model": "wan-2.1-t2v-1.3b", "infer": {"videos": "10/day"}}),
    "items": ("infer", {"model": DLRM, "site": SITE, "infer": {"items": "100k/s"},
                        "hardware": {"server": "dgx-a100-640gb", "count": 16}}),
    "samples": ("infer", COMMON | {"model": "vit-l-16", "infer": {"samples": "100/s"}}),
    "server": ("embodied", EMBODIED_GPU),
    "rack": ("embodied", {"hardware": {"server": "dgx-h100"}, "embodied": {"subject": "rack"}}),
    "device": ("embodied", {"embodied": {"subject": "device"}}),
    "building": ("embodied", {"hardware": {"server": "dgx-h100", "count": 64},
                              "embodied": {"subject": "datacenter"}}),
    "plant": ("embodied", {"embodied": {"subject": "datacenter", "datacenter": {"ups": "1 MW"}}}),
    "power": ("embodied", {"embodied": {"subject": "datacenter",
                                        "datacenter": {"it_power": "1 MW"}}}),
    "chip": ("embodied", {"embodied": {"parts": [
        {"chip": {"dies": [{"area": "8 cm2", "node": "n4"}]}}]}}),
    "act": ("embodied", {"embodied": {"fab": {"method": "act", "grid": "500 g/kWh"}, "parts": [
        {"chip": {"dies": [{"area": "8 cm2", "node": "n4"}]}}]}}),
    "part": ("embodied", {"embodied": {"parts": [{}]}}),
    "dimms": ("embodied", {"embodied": {"parts": [{"dram": "ddr5-rdimm", "amount": "64 GB"}]}}),
    "metal": ("embodied", {"embodied": {"parts": [{"part": "steel-chassis", "mass": "10 kg"}]}}),
    "published": ("embodied", {"embodied": {"parts": [
        {"published": "1 t", "boundary": "baseboard"}]}}),
    "refresh": ("refresh", {"site": SITE, "refresh": {
        "old": {"server": "dgx-1-v100"}, "new": {"server": "dgx-h100"}}}),
    "second": ("refresh", {"site": SITE, "refresh": {
        "old": {"server": "dgx-1-v100", "age": "3 y"}, "new": {"server": "dgx-h100"},
        "second_life": {"rule": "time_share", "years": "2 y"}}}),
    "displaced": ("refresh", {"site": SITE, "refresh": {
        "old": {"server": "dgx-1-v100"}, "new": {"server": "dgx-h100"},
        "second_life": {"rule": "displacement", "displaced_share": "30 %"}}}),
    "growing": ("refresh", {"site": SITE, "refresh": {
        "old": {"server": "dgx-1-v100"}, "new": {"server": "dgx-h100"},
        "demand_growth": {"ratio": 1.2, "per": "1 y"}}}),
}  # fmt: skip

# Keys whose only effect is that an estimate is refused, each with what refuses it.
REFUSED = {
    "model.kind": "another kind of model is not trained or served by such evidence",
    "infer.latency.ttft": "a target below the least time",
    "infer.latency.p50": "a target below the least time",
    "infer.latency.p95": "a target below the least time",
    "infer.latency.p99": "a target below the least time",
    "embodied.parts.0.boundary": "a figure of the machine holds what is listed beside it",
    "refresh.new.count": "the number of new machines follows from the work",
    "embodied.fab.method": "each method has keys of its own",
    "refresh.second_life.rule": "each rule has a key of its own",
    "functional_unit": "a unit that the service does not make",
    "experiments.hardware.count": "experiments are charged by their device-hours",
}
# keys of the place of a model that no number of that place depends on: refused there
REFUSED_AT = {
    "train.teacher": {"layers", "hidden", "heads", "kv_heads", "head_dim", "vocabulary",
                      "tied_embeddings", "window", "experts", "experts_per_token", "mlp_params",
                      *(f"tables.{name}" for name in ("count", "rows", "dim", "lookups", "bytes"))},
    "infer.speculative.draft": {"vocabulary", "tied_embeddings", "mlp_params",
                                *(f"tables.{name}"
                                  for name in ("count", "rows", "dim", "lookups", "bytes"))},
    "infer.model": {"vocabulary", "tied_embeddings"},
    "train.model": {"experts", "experts_per_token", "kv_heads"},
}  # fmt: skip

# key -> (base, value); a model's keys stand under the name of each place that a model has
VALUES = {
    "period": ("chat alone", "2 y"),
    "accounting": ("market", "market"),
    "functional_unit": ("chat alone", "image"),
    "hardware.accelerator": ("tokens", "a100-sxm4-80gb"),
    "hardware.server": ("server", "dgx-a100-640gb"),
    "hardware.instance": ("on instance", "aws:p4d.24xlarge"),
    "hardware.count": ("days", 16),
    "site.region": ("hours", "PL"),
    "site.grid": ("hours", "900 g/kWh"),
    "site.contracted_clean": ("hours", "50 %"),
    "site.pue": ("hours", 1.7),
    "site.wue": ("hours", "3 L/kWh"),
    "site.ewif": ("hours", "3 L/kWh"),
    "site.coverage": ("american", "direct"),
    "data.stored": ("data", "2e6 GB"),
    "data.replicas": ("data", 5),
    "data.media": ("data", "ssd"),
    "data.growth.ratio": ("growing data", 3),
    "data.growth.per": ("growing data", "3 y"),
    "data.ingest": ("data", "10 GB/s"),
    "data.ingest_servers": ("data", 10),
    "experiments.share_of_training": ("share", "50 %"),
    "experiments.accelerator_hours": ("tried hours", 200),
    "experiments.trials": ("trials", 20),
    "experiments.accelerator_days.p50": ("trials", 2),
    "experiments.accelerator_days.p99": ("trials", 40),
    "train.energy": ("bare", {"value": "100 MWh", "scope": "it_system"}),
    "train.accelerator_hours": ("hours", 2000),
    "train.days": ("days", "20 d"),
    "train.tokens": ("tokens", "2e10"),
    "train.input_tokens": ("t5", "2e9"),
    "train.target_tokens": ("t5", "4e8"),
    "train.samples": ("vit", "2e6"),
    "train.rollouts.prompts": ("grpo", 2000),
    "train.rollouts.group": ("grpo", 16),
    "train.rollouts.tokens": ("grpo", 900),
    "train.federated.devices": ("phones", 2000),
    "train.federated.hours_per_device": ("phones", "4 h"),
    "train.federated.communication_hours": ("phones", "4 h"),
    "train.federated.device_power": ("phones", "5 W"),
    "train.federated.router_power": ("phones", "11 W"),
    "train.method": ("tune", "qlora"),
    "train.adapter_params": ("tune", "5e8"),
    "train.context": ("tokens", 16384),
    "train.recompute": ("tokens", "full"),
    "train.rollout_throughput": ("grpo", "1000/s"),
    "train.epochs": ("vit", 3),
    "train.sample_work": ("vit", "1e14 FLOP"),
    "train.image_size": ("vit", 448),
    "train.size": ("picture", "512x512"),
    "train.frames": ("clip", 33),
    "train.cached_latents": ("repeated", True),
    "train.fixed_size": ("to quality", True),
    "train.reader_throughput": ("tables", "1000/s"),
    "train.state_bytes": ("tune full", 8),
    "train.power": ("hours", {"value": "300 W", "scope": "gpu"}),
    "train.host_power_factor": ("hours", 1.9),
    "train.mfu": ("tokens", "20 %"),
    "train.goodput": ("steady", "50 %"),
    "train.billed_mfu": ("tokens", "12 %"),
    "train.precision": ("tokens", "fp8"),
    "train.every": ("tokens", "7 d"),
    "train.cross_check.accelerator_hours": ("tokens", 500),
    "train.cross_check.days": ("tokens", "3 d"),
    "train.cross_check.tokens": ("hours of a model", "2e10"),
    "train.online.samples": ("online", "2e7"),
    "train.online.every": ("online", "2 d"),
    "train.idle.energy": ("hours", {"value": "10 MWh", "scope": "it_system"}),
    "train.base.footprint": ("based", "90 t"),
    "train.base.downstream_uses": ("based", 7),
    "infer.requests": ("chat alone", "200k/day"),
    "infer.images": ("images", "20k/day"),
    "infer.videos": ("videos", "20/day"),
    "infer.items": ("items", "2k/s"),
    "infer.samples": ("samples", "200/s"),
    "infer.horizon": ("chat alone", "2 y"),
    "infer.prompt_tokens": ("chat alone", 900),
    "infer.output_tokens": ("chat alone", 900),
    "infer.output_cv": ("chat alone", 0.6),
    "infer.precision": ("chat alone", "fp8"),
    "infer.kv_precision": ("chat alone", "fp8"),
    "infer.prefill": ("chat alone", "disaggregated"),
    "infer.runtime": ("chat alone", "trtllm"),
    "infer.serving": ("samples", "offline"),
    "infer.concurrency": ("chat alone", 8),
    "infer.throughput": ("measured", "900/s"),
    "infer.latency.ttft": ("chat alone", "1 ms"),
    "infer.latency.itl": ("chat alone", "5 ms"),
    "infer.latency.p50": ("items", "0.000001 ms"),
    "infer.latency.p95": ("images", "1 ms"),
    "infer.latency.p99": ("samples", "1 us"),
    "infer.tensor_parallel": ("chat alone", 4),
    "infer.pipeline_parallel": ("chat", 2),
    "infer.data_parallel": ("chat on ranks", 4),
    "infer.expert_parallel": ("ranks", 2),
    "infer.speculative.tokens": ("draft", 6),
    "infer.speculative.acceptance": ("draft", "50 %"),
    "infer.prompt_cache_hits": ("chat alone", "50 %"),
    "infer.reasoning_tokens": ("chat alone", 900),
    "infer.image_tokens": ("seen", 900),
    "infer.video_tokens": ("seen", 900),
    "infer.audio_tokens": ("seen", 900),
    "infer.busy_share": ("chat alone", "40 %"),
    "infer.peak_to_mean": ("chat alone", 2),
    "infer.autoscaling": ("peaky", "50 %"),
    "infer.fleet_share": ("chat alone", "50 %"),
    "infer.shared": ("held chat", "true"),
    "infer.host_power_factor": ("chat alone", 1.9),
    "infer.cache_hits": ("chat alone", "50 %"),
    "infer.size": ("images", "512x512"),
    "infer.frames": ("videos", 33),
    "infer.steps": ("images", 11),
    "infer.guidance": ("images", False),
    "infer.guidance_passes": ("images", 3),
    "infer.batch": ("images", 4),
    "infer.fps": ("videos", 5),
    "infer.image_size": ("samples", 280),
    "infer.sample_work": ("samples", "1e12 FLOP"),
    "embodied.subject": ("server", "rack"),
    "embodied.parts.0.published": ("published", "2 t"),
    "embodied.parts.0.baseboard": ("part", "hgx-h100"),
    "embodied.parts.0.accelerator": ("part", "l40s"),
    "embodied.parts.0.chip.dies.0.area": ("chip", "5 cm2"),
    "embodied.parts.0.chip.dies.0.node": ("chip", "n7"),
    "embodied.parts.0.chip.dies.0.count": ("chip", 2),
    "embodied.parts.0.chip.interposer": ("chip", "20 cm2"),
    "embodied.parts.0.chip.bridges": ("chip", 4),
    "embodied.parts.0.chip.redistribution": ("chip", "20 cm2"),
    "embodied.parts.0.chip.packages": ("chip", 2),
    "embodied.parts.0.chip.assembly_yield": ("chip", "90 %"),
    "embodied.parts.0.cpu": ("part", "epyc-7742"),
    "embodied.parts.0.dram": ("dimms", "ddr4-rdimm"),
    "embodied.parts.0.memory": ("of memory", "hbm2"),
    "embodied.parts.0.ssd": ("of flash", "ssd-2017"),
    "embodied.parts.0.hdd": ("part", "hdd-3.5in"),
    "embodied.parts.0.nic": ("part", "400g"),
    "embodied.parts.0.network": ("part", "link"),
    "embodied.parts.0.part": ("part", "rack"),
    "embodied.parts.0.psu": ("part", "900 W"),
    "embodied.parts.0.count": ("dimms", 3),
    "embodied.parts.0.amount": ("dimms", "128 GB"),
    "embodied.parts.0.mass": ("metal", "20 kg"),
    "embodied.parts.0.per_gb": ("dimms", "2 kg/GB"),
    "embodied.parts.0.packages": ("by fab", 8),
    "embodied.parts.0.boundary": ("published beside", "machine"),
    "embodied.fab.method": ("act", "imec"),
    "embodied.fab.grid": ("act", "50 g/kWh"),
    "embodied.fab.abatement": ("act", "99 %"),
    "embodied.fab.yield.by": ("chip", "poisson"),
    "embodied.fab.yield.share": ("fixed yield", "50 %"),
    "embodied.fab.yield.defects": ("chip", "0.3/cm2"),
    "embodied.fab.yield.clustering": ("clustered", 1.5),
    "embodied.fab.edge": ("chip", "ignored"),
    "embodied.device": ("device", "apple-iphone-14-128gb"),
    "embodied.datacenter.it_power": ("building", "5 MW"),
    "embodied.datacenter.load": ("power", "50 %"),
    "embodied.datacenter.life": ("power", "30 y"),
    "embodied.datacenter.construction_per_kw_year": ("power", "90 kg/kW/y"),
    "embodied.datacenter.shell": ("plant", "900 m2"),
    "embodied.datacenter.ups": ("plant", "2 MW"),
    "embodied.datacenter.batteries": ("plant", "2 MWh"),
    "embodied.datacenter.gensets": ("plant", "2 MW"),
    "embodied.datacenter.cooling": ("plant", "2 MW"),
    "embodied.per_rack": ("rack", 2),
    "embodied.chassis": ("dimms", "2u"),
    "embodied.mass": ("dimms", "20 kg"),
    "embodied.transport.mode": ("server", "air"),
    "embodied.transport.distance": ("server", "9000 km"),
    "embodied.lifetime": ("server", "3 y"),
    "embodied.allocation": ("hours", "sci"),
    "embodied.allocation_rate": ("hours", "90 %"),
    "embodied.spares": ("server", "5 %"),
    "embodied.accelerator": ("server", "90 kg"),
    "embodied.host": ("server", "900 kg"),
    "embodied.count": ("server", 3),
    "refresh.old.accelerator": ("bare refresh", "v100-sxm2-32gb"),
    "refresh.old.server": ("refresh", "dgx-2"),
    "refresh.old.instance": ("old instance", "aws:p4d.24xlarge"),
    "refresh.old.count": ("refresh", 64),
    "refresh.old.power": ("refresh", "1 kW"),
    "refresh.old.busy_share": ("refresh", "20 %"),
    "refresh.old.embodied": ("second", "9 t"),
    "refresh.old.spares": ("refresh", "9 %"),
    "refresh.old.age": ("second", "4 y"),
    "refresh.new.accelerator": ("bare refresh", "h200-sxm"),
    "refresh.new.server": ("refresh", "dgx-b200"),
    "refresh.new.instance": ("new instance", "aws:p4d.24xlarge"),
    "refresh.new.count": ("refresh", 8),
    "refresh.new.power": ("refresh", "5 kW"),
    "refresh.new.busy_share": ("refresh", "20 %"),
    "refresh.new.embodied": ("refresh", "9 t"),
    "refresh.new.spares": ("refresh", "9 %"),
    "refresh.performance": ("refresh", "3"),
    "refresh.horizon": ("refresh", "3 y"),
    "refresh.demand_growth.ratio": ("growing", 1.5),
    "refresh.demand_growth.per": ("growing", "2 y"),
    "refresh.second_life.rule": ("displaced", "cut_off"),
    "refresh.second_life.years": ("second", "3 y"),
    "refresh.second_life.displaced_share": ("displaced", "60 %"),
    "refresh.grids": ("refresh", ["700 g/kWh"]),
    "end_of_life.route": ("server", "landfill"),
    "end_of_life.credit": ("server", "none"),
    "budget.total": ("chat alone", "1 t"),
    "budget.per_request": ("chat alone", "1 g"),
    "budget.per_image": ("images", "1 g"),
    "budget.per_video": ("videos", "1 g"),
    "budget.per_item": ("items", "1 g"),
    "budget.per_sample": ("samples", "1 g"),
}

BASES |= {
    "american": ("train", MANY | {"site": {"region": "aws:us-east-1"}, "train": {"days": "10 d"}}),
    "repeated": ("train", COMMON | {"model": "sdxl-base-1.0", "train": {
        "samples": "1e6", "epochs": 3}}),
    "ranks": ("infer", COMMON | MANY | {"model": MIXTURE, "infer": {
        "requests": "100k/day", "prompt_tokens": 500, "output_tokens": 300, "concurrency": 3,
        "tensor_parallel": 1, "data_parallel": 8}}),
    "published beside": ("embodied", {"embodied": {"parts": [
        {"published": "1 t", "boundary": "baseboard"}, {"cpu": "epyc-7742"}]}}),
    "bare refresh": ("refresh", {"site": SITE, "refresh": {
        "old": {"accelerator": "a100-sxm4-40gb"}, "new": {"accelerator": "h100-sxm"}}}),
    "market": ("train", COMMON | {"site": SITE | {"contracted_clean": "50 %"},
                                  "train": {"days": "10 d"}}),
    "on instance": ("train", COMMON | {"hardware": {"instance": "aws:p5.48xlarge", "count": 8},
                                       "train": {"days": "10 d"}}),
    "growing data": ("train", {"site": SITE, "data": {
        "stored": "1e6 GB", "growth": {"ratio": 2, "per": "1 y"}}}),
    "steady": ("train", COMMON | {"model": LLM, "train": {"tokens": "1e10", "mfu": "40 %"}}),
    "to quality": ("train", COMMON | {"model": "vit-l-16", "train": {"samples": "1e6"}}),
    "tune full": ("train", {"model": "llama-3.1-8b", "site": SITE, "hardware": {
        "accelerator": "h100-sxm", "count": 2}, "train": {"tokens": "1e8", "state_bytes": 2}}),
    "hours of a model": ("train", COMMON | {"model": LLM, "train": {"accelerator_hours": 1000}}),
    "based": ("train", COMMON | {"train": {"days": "10 d", "base": {
        "footprint": "100 t", "downstream_uses": 5}}}),
    "measured": ("infer", COMMON | {"model": LLM, "infer": {
        "requests": "100k/day", "prompt_tokens": 500, "output_tokens": 300,
        "throughput": "1000/s"}}),
    "seen": ("infer", COMMON | {"model": "qwen2.5-vl-7b", "infer": {
        "requests": "100k/day", "prompt_tokens": 500, "output_tokens": 300, "concurrency": 32}}),
    "peaky": ("infer", COMMON | {"model": LLM, "infer": {
        "requests": "100k/day", "prompt_tokens": 500, "output_tokens": 300, "peak_to_mean": 3}}),
    "of memory": ("embodied", {"embodied": {"parts": [{"memory": "hbm3", "amount": "64 GB"}]}}),
    "of flash": ("embodied", {"embodied": {"parts": [
        {"ssd": "nvme-tlc-2022", "amount": "4 TB"}]}}),
    "by fab": ("embodied", {"embodied": {"parts": [
        {"dram": "own", "amount": "64 GB", "per_gb": "1 kg/GB"}]}}),
    "fixed yield": ("embodied", {"embodied": {"fab": {"yield": {"by": "fixed"}}, "parts": [
        {"chip": {"dies": [{"area": "8 cm2", "node": "n4"}]}}]}}),
    "clustered": ("embodied", {"embodied": {"fab": {"yield": {"by": "negative-binomial"}},
        "parts": [{"chip": {"dies": [{"area": "8 cm2", "node": "n4"}]}}]}}),
    "held chat": ("infer", COMMON | {"model": LLM, "infer": {
        "requests": "100k/day", "prompt_tokens": 500, "output_tokens": 300}}),
    "old instance": ("refresh", {"site": SITE, "refresh": {
        "old": {"instance": "aws:p3.16xlarge"}, "new": {"server": "dgx-h100"}}}),
    "new instance": ("refresh", {"site": SITE, "refresh": {
        "old": {"server": "dgx-1-v100"}, "new": {"instance": "aws:p5.48xlarge"}}}),
}  # fmt: skip

# a key of a model -> value, by the base of each use: trained, serving, teacher, draft
MODEL = {
    "id": "llama-3.2-3b", "kind": "encoder_decoder", "params": "9e9", "layers": 40,
    "hidden": 2048, "heads": 16, "kv_heads": 4, "head_dim": 64, "vocabulary": "1e6",
    "tied_embeddings": True, "window": 512,
}  # fmt: skip
MIXED = {"active_params": "14e9", "experts": 16, "experts_per_token": 1}
TABLES = {"mlp_params": "2e9", "tables.count": 200, "tables.rows": "4e7", "tables.dim": 128,
          "tables.lookups": 40,
          "tables.bytes": 2}  # fmt: skip
# keys of a model at the top that one command leaves out: a model is described once, for all phases
ONE_WAY = {"infer": ("vocabulary", "tied_embeddings"),
           "train": ("experts", "experts_per_token", "kv_heads")}  # fmt: skip
USES = {
    "model": (("tokens", "chat"), ("mixture", "chat on ranks"), ("tables", "items")),
    "train.model": (("tokens",), ("mixture",), ("tables",)),
    "infer.model": (("chat",), ("chat on ranks",), ("items",)),
    "train.teacher": (("teacher",), ("mixed teacher",), ("teacher",)),
    "infer.speculative.draft": (("draft",), ("mixed draft",), ("draft",)),
}


def put(data, path, value):
    """The same data with one value set; sections on the way are made where they lack."""
    data = copy.deepcopy(data)
    *way, last = path.split(".")
    at = data
    for step in way:
        if isinstance(at, list):
            at = at[int(step)]
            continue
        if isinstance(at.get(step), str):
            at[step] = {"id": at[step]}
        at = at.setdefault(step, {})
    if last == "id":
        at.clear()
    at[last] = value
    return data


def moved(data, old, new):
    """The same data with a section under another name."""
    data = copy.deepcopy(data)
    held = data.pop(old)
    return put(data, new, held)


def cases(key):
    """Pairs of a command and a scenario without and with a key set, for every use of the key."""
    if key.startswith("train.runs.0."):
        for command, before, after in cases("train." + key.removeprefix("train.runs.0.")):
            yield command, _as_run(before), _as_run(after)
        return
    for place, uses in USES.items():
        rest = key.removeprefix(place + ".")
        if rest != key and rest in MODEL | MIXED | TABLES:
            kind = 1 if rest in MIXED else 2 if rest in TABLES else 0
            for name in uses[kind]:
                command, data = BASES[name]
                if rest in ONE_WAY.get(command, ()) and place == "model":
                    continue
                if place in {"train.model", "infer.model"}:
                    data = moved(data, "model", place)
                yield command, data, put(data, key, (MODEL | MIXED | TABLES)[rest])
            return
    yield from _of_a_section(key) or _at_its_place(key)


def _at_its_place(key):
    base, value = VALUES[key]
    command, data = BASES[base]
    if base != "held chat":
        data = _by_need(command, data)
    return [(command, data, put(data, key, value))]


def _of_a_section(key):
    """A key of hardware or a site of one phase: as at the top, moved under the phase."""
    for section in ("hardware", "site"):
        head, found, rest = key.partition(f".{section}.")
        if found:
            name = {"data": "data", "experiments": "trials", "train": "days",
                    "infer": "chat alone"}[head]  # fmt: skip
            value = VALUES[f"{section}.{rest}"][1]
            command, data = BASES[name]
            if rest in {"server", "instance"}:
                data = {k: v for k, v in data.items() if k != section}
                start = {"server": "dgx-h100", "instance": "aws:p5.48xlarge"}[rest]
                data = put(data, f"{head}.{section}", {rest: start, "count": 8})
            else:
                data = moved(data, section, f"{head}.{section}")
                if rest == "coverage":
                    data = put(data, f"{head}.site.region", "aws:us-east-1")
            if head == "experiments" and section == "hardware":
                data = copy.deepcopy(data)
                del data[head][section]["count"]
            return [(command, data, put(data, key, value))]
    return []


def _by_need(command, data):
    """The same with serving charged by need, so that load and busy share move its numbers."""
    infer = data.get("infer")
    if command != "infer" or infer is None or "shared" in infer:
        return data
    return data | {"infer": infer | {"shared": True}}


def _as_run(data):
    return data | {"train": {"runs": [data["train"]]}}
