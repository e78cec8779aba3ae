"""Work of training by architecture, and the memory it takes, as cited arithmetic."""

import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.formulas import language_model_work as compute_llm
from carbonctl.formulas import recommendation_work as compute_dlrm
from carbonctl.formulas.training import rollout_work as compute_rollouts
from carbonctl.formulas.training import sample_work as compute_samples
from carbonctl.formulas.training import training_memory, training_time
from carbonctl.formulas.training import transformer_work as compute_training


def decoder(params, vocabulary, hidden, layers, width, context, *, tables=2.0):
    """FLOP a token with logits and causal attention."""
    inner = compute_training.nonembedding_params(
        active_params=params, vocabulary=vocabulary, hidden_size=hidden, embedding_tables=tables
    )
    parts = (
        compute_training.weight_flop(nonembedding_params=inner, train_tokens=1.0),
        compute_training.logit_flop(vocabulary=vocabulary, hidden_size=hidden, train_tokens=1.0),
        compute_training.attention_flop(
            layers=layers,
            heads=1.0,
            head_dim=width,
            attended_tokens=compute_training.attended_tokens(context_tokens=context),
            train_tokens=1.0,
        ),
    )
    return compute_training.train_flop_from_parts(parts_flop=parts)


def six(params):
    return compute_llm.train_flop(active_params=params, train_tokens=1.0)


def test_attention_and_logits_are_small_for_llama_3_1_405b():
    # 6 L d s = 6 x 126 x 16,384 x 8,192 = 1.015e11 beside 6 N = 2.435e12; the input table, 6 V d
    # = 1.26e10, does no multiplication.
    whole = decoder(405.85e9, 128_256.0, 16_384.0, 126.0, 16_384.0, 8_192.0)
    assert whole == approx(6 * 405.85e9 - 6 * 128_256 * 16_384 + 6 * 126 * 16_384 * 8_192)
    assert whole / six(405.85e9) == approx(1.036, abs=0.002)


def test_attention_and_logits_are_most_of_a_70m_model():
    # Pythia 70M: 18.9 M of 70.4 M parameters are outside the vocabulary.
    whole = decoder(70.4266e6, 50_304.0, 512.0, 6.0, 512.0, 2_048.0)
    inner = 6 * (70.4266e6 - 2 * 50_304 * 512)
    assert whole / inner > 2.5
    assert whole / six(70.4266e6) < 0.75


def test_tied_tables_and_no_context_are_6nd():
    assert decoder(1e9, 5e4, 2_000.0, 20.0, 2_000.0, 1e-9, tables=1.0) == approx(six(1e9))


@pytest.mark.parametrize(("window", "seen"), [(1e9, 4_096.0), (8_192.0, 4_096.0), (64.0, 63.75)])
def test_a_window_is_the_causal_half_when_wide_and_itself_when_narrow(window, seen):
    found = compute_training.attended_tokens_by_window(
        context_tokens=8_192.0, window_tokens=window, full_layer_share=0.0
    )
    assert found == approx(seen)


def test_without_a_mask_attention_is_twice_as_much():
    both = compute_training.attended_tokens_by_both_sides(context_tokens=512.0)
    assert both == 2 * compute_training.attended_tokens(context_tokens=512.0)
    flop = compute_training.attention_flop(
        layers=24.0, heads=16.0, head_dim=64.0, attended_tokens=both, train_tokens=1.0
    )
    assert flop == approx(12 * 24 * 1_024 * 512)


def test_t5_11b_comes_within_ten_percent_of_its_published_work():
    # Patterson et al. 2021, table 4: 4.05e22; 6ND of 1T tokens says 6.6e22.
    flop = compute_training.train_flop_by_encoder_decoder(
        total_params=11e9, encoder_share=0.5, input_tokens=1.05e12, target_tokens=0.23e12
    )
    assert flop == approx(4.05e22, rel=0.10)
    assert six(11e9) * 1e12 == approx(6.6e22)


def test_lora_costs_two_thirds_of_full_training_and_its_adapters():
    flop = compute_training.weight_flop_by_adapters(
        active_params=70e9, adapter_params=0.0, train_tokens=1e9
    )
    assert flop == approx(2 / 3 * six(70e9) * 1e9)


def test_distilling_a_1b_model_from_an_8b_one_more_than_triples_its_work():
    # 6 N + 2 N_teacher = 6 x 1.24 + 2 x 8.03 = 23.5 where 6 N = 7.44.
    teacher = compute_training.forward_flop(forward_params=8.03e9, train_tokens=1.0)
    assert (six(1.24e9) + teacher) / six(1.24e9) == approx(3.16, rel=0.01)


def test_vit_b_16_takes_17_6_giga_multiply_adds_an_image():
    # Dosovitskiy et al. 2020; 2 operations a multiply-add.
    patches = compute_samples.patch_tokens(image_edge=224.0, patch_edge=16.0)
    flop = compute_samples.sample_flop(
        encoder_params=86.6e6, sample_tokens=patches, layers=12.0, hidden_size=768.0
    )
    assert patches == 196
    assert flop == approx(2 * 17.6e9, rel=0.02)


def test_resnet_50_on_imagenet_for_90_epochs():
    # 3 x 8.2 GFLOP x 1.28 M x 90 = 2.83e18.
    flop = compute_samples.train_flop_by_samples(
        sample_flop=8.2e9, train_passes=3.0, train_samples=1.28e6, epochs=90.0
    )
    assert flop == approx(2.83e18, rel=1e-2)


def test_one_device_exchanges_nothing():
    link = {"exchange_passes": 2.0, "link_gb_per_s": 25.0, "exchange_efficiency": 0.5}
    assert compute_dlrm.exchanging_s(pooled_gb=1e-4, exchanging_accelerators=1.0, **link) == 0.0
    many = compute_dlrm.exchanging_s(pooled_gb=1e-4, exchanging_accelerators=1e9, **link)
    assert many == approx(2 * 1e-4 / 12.5)


@pytest.mark.parametrize("longest", [0, 1, 2])
def test_the_longest_limit_binds(longest):
    limits = [1e-6, 1e-6, 1e-6]
    limits[longest] = 5e-6
    device = compute_dlrm.unit_s_from_limits(
        computing_s=limits[0], gathering_s=limits[1], exchanging_s=limits[2]
    )
    assert device == 5e-6
    assert compute_dlrm.unit_s_from_readers(device_s=device, reading_s=9e-6) == 9e-6


def test_a_405b_model_takes_90_devices_of_80_gb():
    # ZeRO: 16 bytes a parameter; 405e9 x 16 / 72 GB = 90.
    state = training_memory.state_gb(total_params=405e9, state_bytes=16.0)
    assert state == approx(6_480)
    assert training_memory.minimum_accelerators(
        state_gb=state, device_memory_gb=80.0, memory_share=0.9
    ) == pytest.approx(90)


def test_a_70b_model_in_4_bits_fits_one_device():
    state = training_memory.state_gb_by_adapters(
        total_params=70e9, frozen_bytes=0.55, adapter_params=2e8, state_bytes=16.0
    )
    assert state == approx(70 * 0.55 + 3.2)
    assert (
        training_memory.minimum_accelerators(
            state_gb=state, device_memory_gb=80.0, memory_share=0.9
        )
        == 1
    )


def test_activations_of_gpt_3():
    # Korthikanti et al. 2022, s b h (34 + 5 a s / h) a layer, one sequence, 96 layers:
    # 96 x 2048 x 12288 = 2,415,919,104; x 34 = 82.14 GB; x 2 = 4.83 GB;
    # 5 x 96 x 2048 / 12288 = 80, so x 114 = 275.41 GB where scores are kept.
    gpt_3 = {"layers": 96.0, "context_tokens": 2048.0, "micro_batch": 1.0, "hidden_size": 12288.0}
    selective = training_memory.activation_gb(**gpt_3, activation_bytes=34.0)
    assert selective == approx(82.141249536)
    assert training_memory.activation_gb(**gpt_3, activation_bytes=2.0) == approx(4.831838208)
    kept = training_memory.activation_gb_by_stored_scores(
        **gpt_3, activation_bytes=34.0, heads=96.0, score_bytes=5.0
    )
    assert kept == approx(275.414777856)
    assert selective / kept == approx(34 / 114)  # the paper: 70 % of activations saved


def test_gpt_3_with_its_activations_takes_41_devices_of_80_gb():
    # 175e9 x 16 = 2,800 GB and 82.14 GB: 2,882.14 / 72 = 40.03; state alone would take 39.
    device = {"device_memory_gb": 80.0, "memory_share": 0.9}
    held = training_memory.minimum_accelerators_by_activations(
        state_gb=2_800.0, activation_gb=82.141249536, **device
    )
    assert held == 41
    assert training_memory.minimum_accelerators(state_gb=2_800.0, **device) == 39


def test_full_recomputation_is_one_forward_pass_more():
    assert training_time.accelerator_hours_by_recompute(
        modeled_hours=3.0, recompute_factor=4 / 3
    ) == approx(4.0)


def test_rollouts_hold_all_devices_while_they_are_generated():
    # 1e5 prompts x 8 x 1,000 tokens at 1e6 tokens an hour: 800 h of 8 devices.
    tokens = compute_rollouts.rollout_tokens(prompts=1e5, group_size=8.0, tokens_per_rollout=1e3)
    hours = compute_rollouts.accelerator_hours_from_rollouts(
        rollout_tokens=tokens, rollout_per_hour=1e6, accelerators=8.0
    )
    assert hours == approx(8 * 800)
    assert compute_rollouts.accelerator_hours_by_stages(
        generation_hours=hours, update_hours=0.0
    ) == approx(hours)


def test_federated_learning_counts_phones_and_routers():
    # Wu et al. 2022: 3 W and 7.5 W; 1e6 x (1.5 h x 3 W + 0.2 h x 7.5 W) = 6,000 kWh.
    energy = compute_rollouts.it_energy_kwh_by_federated(
        devices=1e6, training_hours=1.5, device_w=3.0, communication_hours=0.2, router_w=7.5
    )
    assert energy == approx(6_000)


def test_a_reference_adds_frozen_weights_and_a_critic_a_second_state():
    # 7e9 x 16 = 112 GB; frozen 7e9 x 2 = 14 GB; InstructGPT's four models: 2 x 112 + 2 x 14.
    whole = training_memory.state_gb(total_params=7e9, state_bytes=16.0)
    frozen = {"state_bytes": 16.0, "frozen_bytes": 2.0}
    compared = training_memory.state_gb_by_reference(
        total_params=7e9, reference_params=7e9, **frozen
    )
    four = training_memory.state_gb_by_critic(
        total_params=7e9, critic_params=7e9, reference_params=7e9, reward_params=7e9, **frozen
    )
    assert (whole, compared, four) == (approx(112), approx(126), approx(252))
