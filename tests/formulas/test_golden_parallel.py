"""How work spreads over the devices of a replica, against published shapes and drawn counts."""

import numpy as np
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from tables import for_each

from carbonctl.formulas.serving import decode_work, exchange, expert_work, layout, prompt_chunks

MIXTRAL = {"total_params": 46.7e9, "active_params": 12.9e9}  # Jiang et al. 2024
EIGHT = {"experts": 8.0, "experts_per_token": 2.0}


def test_a_latent_is_on_every_device_and_heads_are_shared_until_there_are_none_left():
    # DeepSeek-V3 (2412.19437): one latent for all heads. Llama 3.1: 8 key-value heads.
    assert layout.cache_copies_by_latent(tensor_parallel=8.0) == 8.0
    assert layout.cache_copies(tensor_parallel=8.0, kv_heads=8.0) == 1.0
    assert layout.cache_copies(tensor_parallel=16.0, kv_heads=8.0) == 2.0
    assert layout.cache_copies(tensor_parallel=1.0, kv_heads=32.0) == 1.0
    assert layout.replica_accelerators_by_ranks(rank_accelerators=2.0, data_parallel=8.0) == 16.0


def test_sixteen_devices_of_two_baseboards_are_two_stages_of_eight():
    shared = layout.tensor_parallel(
        replica_accelerators=16.0, data_parallel=1.0, linked_accelerators=8.0
    )
    stages = layout.pipeline_stages(
        replica_accelerators=16.0, data_parallel=1.0, tensor_parallel=shared
    )
    assert (shared, stages) == (8.0, 2.0)
    # DeepSeek's decode unit: 144 ranks on 18 machines of 8.
    domains = layout.linked_domains(
        tensor_parallel=1.0, data_parallel=144.0, linked_accelerators=8.0
    )
    assert domains == 18.0


def expert():
    return expert_work.expert_params(**MIXTRAL, **EIGHT)


def test_what_is_no_expert_is_held_by_every_rank():
    assert expert() == approx(33.8e9 / 6)
    shared = expert_work.shared_params_by_experts(
        total_params=46.7e9, experts=8.0, expert_params=expert()
    )
    assert shared == approx(46.7e9 - 8 * 33.8e9 / 6)
    held = layout.weight_gb_by_experts(
        routed_gb=2e-9 * 8 * expert(), shared_gb=2e-9 * shared, data_parallel=4.0
    )
    assert held == approx(93.4 + 3 * 2 * (46.7 - 8 * 33.8 / 6))


def test_experts_that_hold_more_than_a_token_passes_leave_nothing_shared():
    each = expert_work.expert_params(total_params=100e9, active_params=5e9, **EIGHT)
    assert each == approx(100e9 / 8)


def experts_read(tokens, uneven=1.0):
    touched = expert_work.touched_share(tokens=tokens, pipeline_stages=1.0, **EIGHT)
    mean = expert_work.expert_read_gb(
        experts=8.0, expert_params=expert(), weight_bytes=2.0, touched_share=touched,
        tensor_parallel=1.0, data_parallel=1.0,
    )  # fmt: skip
    return expert_work.expert_read_gb_by_imbalance(
        mean_read_gb=mean, touched_share=touched, expert_imbalance=uneven
    )


def test_a_mixture_reads_its_active_experts_alone_and_all_of_them_in_a_crowd():
    assert experts_read(1.0) == approx(2e-9 * 2 * expert())
    assert experts_read(1_000.0) == approx(2e-9 * 8 * expert())
    assert experts_read(1.0) < experts_read(4.0) < experts_read(1_000.0)
    assert experts_read(1_000.0, uneven=4.0) == experts_read(1_000.0)  # no device reads more


def imbalance(tokens, devices, uneven=0.0, taken=8.0):
    return expert_work.expert_imbalance(
        tokens=tokens, pipeline_stages=1.0, experts_per_token=taken, expert_parallel=devices,
        uneven_routing=uneven,
    )  # fmt: skip


def test_slices_of_all_experts_are_even_and_a_crowd_evens_out_whole_ones():
    for tokens in (1.0, 16.0, 512.0):
        assert imbalance(tokens, 1.0, uneven=2.0) == 1.0
    found = [imbalance(tokens, 8.0) for tokens in (1.0, 16.0, 256.0, 1e6)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == approx(1.0, abs=1e-2)
    assert imbalance(1e9, 8.0, uneven=1.5) == approx(1 + 1.5 * 7 / 8, rel=1e-3)
    assert imbalance(0.5, 8.0, uneven=9.0) == 8.0


@for_each("tokens", [16, 64, 256])
def test_the_busiest_device_is_near_that_of_tokens_sent_at_random(tokens):
    # 128 experts on 8 devices, 8 a token: drawn, not computed. The bound on the largest of 8
    # is high by up to 60 % of the excess.
    stream = np.random.default_rng(2)
    ratios = []
    for _ in range(500):
        taken = [stream.choice(128, 8, replace=False) for _token in range(tokens)]
        counts = np.bincount(np.concatenate(taken) // 16, minlength=8)
        ratios.append(counts.max() / counts.mean())
    excess = imbalance(float(tokens), 8.0) - 1
    assert 0.4 * excess < np.mean(ratios) - 1 < excess


@for_each("tokens", [1, 8, 64, 1024])
def test_padded_rows_are_near_those_of_tokens_sent_at_random(tokens):
    # 128 experts, 8 a token, tiles of 16 rows: mean rows over all experts, drawn.
    stream = np.random.default_rng(4)
    rows = []
    for _ in range(200):
        taken = [stream.choice(128, 8, replace=False) for _token in range(tokens)]
        counts = np.bincount(np.concatenate(taken), minlength=128)
        rows.append(np.mean(np.ceil(counts / 16) * 16))
    sparse = {"experts": 128.0, "experts_per_token": 8.0}
    given = {"tokens": float(tokens), "pipeline_stages": 1.0, **sparse}
    found = expert_work.expert_rows(
        touched_share=expert_work.touched_share(**given),
        expert_tokens=expert_work.expert_tokens(**given),
        tile_rows=16.0,
    )
    assert found == approx(np.mean(rows), rel=0.02 if tokens > 128 else 0.12)


def test_a_token_of_deepseek_goes_to_its_experts_and_a_prompt_to_four_machines():
    # DeepEP: 8 experts a token; prompts are limited to 4 nodes.
    assert exchange.dispatch_copies_by_network(
        experts_per_token=8.0, linked_domains=18.0
    ) == approx(8 * 17 / 18)
    prompts = exchange.dispatch_copies_by_network_of_prompts(
        linked_domains=18.0, domains_per_token=4.0
    )
    assert prompts == approx(4 * 17 / 18)
    within = {"tensor_parallel": 1.0, "data_parallel": 8.0, "experts_per_token": 8.0}
    assert exchange.dispatch_copies(**within, expert_parallel=1.0) == 7.0
    spread = exchange.dispatch_copies(**within, expert_parallel=8.0)
    assert spread == approx(8 * (1 - (7 / 8) ** 8) * 7 / 8)


def test_128_tokens_of_deepseek_are_dispatched_and_combined_as_fast_as_the_kernels_say():
    # DeepEP, low latency, 64 ranks: 173 us there and 314 us back for 128 tokens, width 7,168.
    copies = exchange.dispatch_copies_by_network(experts_per_token=8.0, linked_domains=8.0)
    gb = exchange.dispatch_gb(
        expert_layers=1.0, rank_tokens=128.0, hidden_size=7_168.0, dispatch_bytes=3.0,
        dispatch_copies=copies,
    )  # fmt: skip
    seconds = exchange.network_s(exchanged_gb=gb, network_gb_per_s=50.0, network_efficiency=0.9)
    assert seconds == approx(487e-6, rel=0.15)


def test_a_chunk_is_a_prompt_until_many_come_at_once():
    def chunk(q, prompt=1_000.0, most=8_192.0):
        return prompt_chunks.chunk_tokens(
            prompt_tokens_per_step=q, prompt_tokens=prompt, chunk_limit_tokens=most
        )

    assert [chunk(q) for q in (0.1, 10.0, 3_000.0)] == [1_000.0, 1_000.0, 3_000.0]
    assert chunk(10.0, prompt=20_000.0) == 8_192.0
    share = prompt_chunks.chunk_share(prompt_tokens_per_step=10.0, chunk_tokens=chunk(10.0))
    assert share == approx(0.01)
    whole = prompt_chunks.chunk_tokens_by_whole_prompts(
        prompt_tokens_per_step=10.0, prompt_tokens=20_000.0
    )
    assert whole == 20_000.0


def test_weights_are_shared_by_devices_and_read_again_by_each_part_of_a_batch():
    read = decode_work.shared_read_gb(shared_params=70e9, weight_bytes=2.0, tensor_parallel=8.0)
    assert read == approx(17.5)  # 140 GB on 8; stages do not appear
    flop = decode_work.device_flop_by_shared_layers(
        shared_params=70e9, tokens=64.0, tensor_parallel=8.0, pipeline_stages=2.0
    )
    assert flop == approx(2 * 70e9 * 64 / 16)
