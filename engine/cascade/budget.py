"""What a render will need in memory, for the preflight of `engine.runtime.ladder`."""

from collections.abc import Mapping

from engine.bundle.manifest import StageName
from engine.bundle.verify import Bundle
from engine.cascade.plan import Lengths, StagePlan
from engine.cascade.sampling import stage_windows
from engine.runtime.devices import Device, Kind, query_gpu
from engine.runtime.ladder import StageNeed
from engine.runtime.memory import available_bytes


def stage_needs(
    bundle: Bundle, plans: Mapping[StageName, StagePlan], lengths: Lengths
) -> list[StageNeed]:
    """The needs of every stage: weights, and working memory of its widest call."""
    return [
        StageNeed(
            weights_bytes=_model_bytes(bundle, plan.spec.model),
            activation_bytes=plan.spec.activation_bytes,
            elements=stage_windows(plan, lengths)[0].width,
            branches=2 if plan.guided_steps else 1,
            batched=plan.name == "generator",
        )
        for plan in plans.values()
    ]


def free_bytes(device: Device) -> dict[Kind, int]:
    """Free memory by device: the chosen one first, the CPU last."""
    free: dict[Kind, int] = {}
    if device.kind == "cuda":
        gpu = query_gpu()
        free["cuda"] = gpu.free_bytes if gpu is not None else device.memory_bytes or 0
    elif device.kind == "coreml":
        free["coreml"] = available_bytes()
    return {**free, "cpu": available_bytes()}


def _model_bytes(bundle: Bundle, model: str) -> int:
    """Size of a model's graphs and weights: the files that share its stem ("generator.…")."""
    stem = model.partition(".")[0]
    return bundle.size_bytes(*(n for n in bundle.manifest.files if n.partition(".")[0] == stem))
