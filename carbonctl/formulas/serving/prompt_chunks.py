"""Prompts among decode steps: how many start in a step, and the chunks that they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="q = B / d * L_c / L_out", source="agrawal-2023-sarathi")
def prompt_tokens_per_step(
    *, batch: Num, data_parallel: Num, prompt_tokens: Num, output_tokens: Num
) -> Num:
    """Prompt tokens that a rank computes in a step, on average.

    Parameters
    ----------
    batch
        Sequences decoded together, on all ranks. [1]
    data_parallel
        Ranks of the replica. [1]
    prompt_tokens, output_tokens
        Mean tokens of a request: those of the prompt that are computed, and of the answer. [1]
        output > 0

    Examples
    --------
    >>> prompt_tokens_per_step(batch=64.0, data_parallel=2.0, prompt_tokens=500.0,
    ...     output_tokens=250.0)
    64.0
    """
    return batch / data_parallel * prompt_tokens / output_tokens


@formula(unit="1", equation="c = max(q, min(L_c, C), 1)", source="agrawal-2023-sarathi")
def chunk_tokens(
    *, prompt_tokens_per_step: Num, prompt_tokens: Num, chunk_limit_tokens: Num
) -> Num:
    """Prompt tokens that a rank computes in a step that computes some.

    Parameters
    ----------
    prompt_tokens_per_step
        Mean over all steps. [1]
    prompt_tokens
        Tokens of one prompt that are computed. [1]
    chunk_limit_tokens
        Tokens of a prompt that a step computes at most. [1]

    Notes
    -----
    Where prompts are rare, one comes alone; where more than one falls on a step, all steps have
    some.

    Examples
    --------
    >>> chunk_tokens(prompt_tokens_per_step=64.0, prompt_tokens=640.0, chunk_limit_tokens=8_192.0)
    640.0
    """
    alone = np.minimum(prompt_tokens, chunk_limit_tokens)
    return np.maximum(np.maximum(alone, prompt_tokens_per_step), 1.0)


@formula(unit="1", equation="c = max(q, L_c, 1)", source="carbonctl-serving-model")
def chunk_tokens_by_whole_prompts(*, prompt_tokens_per_step: Num, prompt_tokens: Num) -> Num:
    """Prompt tokens that a rank computes in a step, where prompts are never divided.

    Parameters
    ----------
    prompt_tokens_per_step
        Mean over all steps. [1]
    prompt_tokens
        Tokens of one prompt that are computed. [1]

    Examples
    --------
    >>> chunk_tokens_by_whole_prompts(prompt_tokens_per_step=64.0, prompt_tokens=640.0)
    640.0
    """
    return np.maximum(np.maximum(prompt_tokens, prompt_tokens_per_step), 1.0)


@formula(unit="1", equation="f = q / c", source="carbonctl-serving-model")
def chunk_share(*, prompt_tokens_per_step: Num, chunk_tokens: Num) -> Num:
    """Chunks per step of a rank: the share of its steps that compute prompt tokens.

    Parameters
    ----------
    prompt_tokens_per_step
        Mean over all steps. [1]
    chunk_tokens
        Prompt tokens of a chunk. [1]

    Examples
    --------
    >>> chunk_share(prompt_tokens_per_step=64.0, chunk_tokens=512.0)
    0.125
    """
    return prompt_tokens_per_step / chunk_tokens


@formula(unit="1", equation="T = d * c", source="carbonctl-serving-model")
def tokens_of_all_ranks(*, chunk_tokens: Num, data_parallel: Num) -> Num:
    """Prompt tokens on all ranks in a step, where all start chunks together.

    Parameters
    ----------
    chunk_tokens
        Prompt tokens of a chunk on one rank. [1]
    data_parallel
        Ranks. [1]

    Examples
    --------
    >>> tokens_of_all_ranks(chunk_tokens=512.0, data_parallel=8.0)
    4096.0
    """
    return chunk_tokens * data_parallel


@formula(
    unit="FLOP", equation="F = c / max(L_c, 1) * f_p * A_p / (t * p)", source="kaplan-2020-scaling"
)
def device_flop_by_prompt_attention(
    *,
    chunk_tokens: Num,
    prompt_tokens: Num,
    prompt_look_flop: Num,
    prompt_layer_tokens: Num,
    tensor_parallel: Num,
    pipeline_stages: Num,
) -> Num:
    """Attention of one device in a chunk of prompt tokens.

    Parameters
    ----------
    chunk_tokens, prompt_tokens
        Tokens of the chunk, and of one prompt. [1]
    prompt_look_flop, prompt_layer_tokens
        Attention FLOP per position and layer, and positions that the tokens of a prompt attend to,
        summed over tokens and layers. [FLOP], [1]
    tensor_parallel, pipeline_stages
        Devices that share each layer, and stages. [1]

    Examples
    --------
    >>> device_flop_by_prompt_attention(chunk_tokens=512.0, prompt_tokens=1_024.0,
    ...     prompt_look_flop=1e4, prompt_layer_tokens=2e6, tensor_parallel=2.0, pipeline_stages=1.0)
    5000000000.0
    """
    prompts = chunk_tokens / np.maximum(prompt_tokens, 1.0)
    return prompts * prompt_look_flop * prompt_layer_tokens / (tensor_parallel * pipeline_stages)
