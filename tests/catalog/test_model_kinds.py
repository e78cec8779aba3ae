"""Kinds of models that records name are registered, and each that is registered is named."""

from __future__ import annotations

from importlib import import_module

from carbonctl.catalog.model_kinds import MODEL_KINDS, ModelKind, model_kind
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.serving import service
from carbonctl.estimate.serving.service_kinds import service_kind
from carbonctl.estimate.training.training_kinds import _KINDS as TRAINING_KINDS
from carbonctl.estimate.training.training_run import MeteredEnergy, TrainRun

CATALOG = Catalog.open()
DESCRIBED = {"llm"}  # of models that a scenario describes
PUBLISHED = {"vision_cnn"}  # of published runs


def test_the_kinds_of_records_are_those_that_are_registered():
    named = {CATALOG.record("models", name).text("kind") for name in CATALOG.ids("models")}
    assert named | DESCRIBED | PUBLISHED == set(MODEL_KINDS)


def test_an_unknown_kind_learns_from_nothing():
    assert model_kind("not-a-kind") == model_kind(None) == ModelKind()
    assert ModelKind().learns_from == ""


def test_every_kind_of_evidence_is_registered_with_its_functions():
    written = TrainRun.__annotations__["evidence"].replace("[T]", "")
    kinds = {name.strip(" ()\n") for name in written.split("|")}
    assert kinds == {kind.__name__ for kind in TRAINING_KINDS} | {MeteredEnergy.__name__}


def test_every_kind_of_service_is_registered_with_its_functions():
    kinds = service.ServedModel.__subclasses__()
    assert len(kinds) >= 5
    for kind in kinds:
        assert callable(service_kind(object.__new__(kind)).use)


def test_every_kind_that_answers_requests_names_a_file_that_resolves_it():
    files = {kind.service for kind in MODEL_KINDS.values()} - {""}
    assert files == {"language_serving", "encoder_serving"}
    for file in files:
        module = import_module(f"carbonctl.scenario.resolve.serving.{file}")
        assert callable(module.resolve_service)
