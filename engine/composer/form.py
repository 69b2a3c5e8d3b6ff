"""Form: sections with a level each, so that half a minute has a shape.

A template is a list of (section, share of the bars, level); shares are rounded to phrases.
"""

from engine.composer.dice import Dice
from engine.composer.request import Plan
from engine.composer.song import Span

Template = tuple[tuple[str, float, float], ...]

FORMS: dict[str, tuple[Template, ...]] = {
    "club": (
        (("intro", 0.25, 0.3), ("build", 0.25, 0.62), ("drop", 0.5, 1.0)),
        (("A", 0.5, 0.7), ("break", 0.25, 0.25), ("drop", 0.25, 1.0)),
        (("drop", 0.5, 0.95), ("break", 0.25, 0.22), ("drop", 0.25, 1.0)),
        (("A", 0.5, 0.66), ("B", 0.5, 0.92)),
        (("break", 0.25, 0.25), ("build", 0.25, 0.6), ("drop", 0.5, 1.0)),
        (("intro", 0.25, 0.35), ("A", 0.75, 0.85)),
    ),
    "song": (
        (("verse", 0.5, 0.55), ("chorus", 0.5, 0.92)),
        (("intro", 0.25, 0.25), ("verse", 0.25, 0.6), ("chorus", 0.5, 0.95)),
        (("chorus", 0.5, 0.92), ("verse", 0.5, 0.58)),
        (("verse", 0.5, 0.5), ("build", 0.25, 0.7), ("chorus", 0.25, 1.0)),
        (("verse", 0.25, 0.5), ("chorus", 0.25, 0.9), ("verse", 0.25, 0.6), ("chorus", 0.25, 1.0)),
        (("intro", 0.25, 0.3), ("verse", 0.75, 0.75)),
    ),
    "jam": (
        (("A", 0.5, 0.7), ("B", 0.5, 0.88)),
        (("intro", 0.25, 0.32), ("A", 0.75, 0.82)),
        (("A", 0.5, 0.75), ("break", 0.25, 0.32), ("A", 0.25, 0.95)),
        (("intro", 0.25, 0.3), ("verse", 0.5, 0.7), ("chorus", 0.25, 0.92)),
        (("verse", 0.5, 0.65), ("chorus", 0.5, 0.9)),
        (("A", 1.0, 0.85),),
    ),
    "jazz": (
        (("A", 1.0, 0.78),),
        (("intro", 0.25, 0.45), ("A", 0.75, 0.82)),
        (("A", 0.5, 0.68), ("B", 0.5, 0.88)),
        (("A", 0.25, 0.6), ("A", 0.25, 0.68), ("B", 0.25, 0.85), ("A", 0.25, 0.78)),
    ),
    "cinematic": (
        (("intro", 0.25, 0.25), ("build", 0.25, 0.52), ("A", 0.25, 0.78), ("B", 0.25, 1.0)),
        (("A", 0.5, 0.48), ("build", 0.25, 0.72), ("B", 0.25, 1.0)),
        (("A", 0.5, 0.62), ("break", 0.25, 0.28), ("B", 0.25, 1.0)),
        (("A", 0.5, 0.6), ("B", 0.5, 0.95)),
    ),
    "ambient": (
        (("A", 0.5, 0.5), ("B", 0.5, 0.75)),
        (("intro", 0.25, 0.35), ("A", 0.5, 0.7), ("outro", 0.25, 0.4)),
        (("A", 1.0, 0.65),),
    ),
    "classical": (
        (("A", 0.5, 0.6), ("B", 0.5, 0.85)),
        (("A", 0.25, 0.55), ("A", 0.25, 0.65), ("B", 0.25, 0.9), ("A", 0.25, 0.65)),
        (("A", 0.5, 0.55), ("B", 0.25, 0.9), ("A", 0.25, 0.62)),
    ),
    "loop": (
        (("A", 1.0, 0.85),),
        (("A", 0.5, 0.75), ("B", 0.5, 0.92)),
    ),
}  # fmt: skip


_SHORTEST_END = 4  # bars of the last section, where others can spare them


def phrase_unit(bars: int) -> int:
    """Bars that sections are rounded to."""
    if bars % 4 == 0 and bars >= 12:
        return 4
    return 2 if bars % 2 == 0 and bars >= 6 else 1


def _allot(template: Template, units: int, unit: int) -> list[int]:
    """Whole units per section, each at least one, largest remainders first, the last no snippet."""
    exact = [share * units for _, share, _ in template]
    counts = [max(1, int(value)) for value in exact]
    while sum(counts) < units:
        gaps = [value - count for value, count in zip(exact, counts, strict=True)]
        counts[gaps.index(max(gaps))] += 1
    while sum(counts) > units:
        counts[counts.index(max(counts))] -= 1
    longest = counts.index(max(counts))
    if counts[-1] * unit < _SHORTEST_END and counts[longest] > 2:
        counts[longest] -= 1
        counts[-1] += 1
    return counts


def draw_form(plan: Plan) -> tuple[Span, ...]:
    """The sections of a plan; loops and excerpts keep to one or two, full."""
    dice = Dice(plan.seed, plan.attempt, "form")
    family = "loop" if plan.loop or plan.excerpt else plan.row.form
    unit = phrase_unit(plan.bars)
    units = plan.bars // unit
    if family == "loop" and plan.bars < 8:
        units = 1
        unit = plan.bars
    fitting = [form for form in FORMS[family] if len(form) <= units] or [(("A", 1.0, 0.8),)]
    template = dice.pick(fitting)
    spans: list[Span] = []
    bar = 0
    for (name, _, level), count in zip(template, _allot(template, units, unit), strict=True):
        if plan.texture != "full":
            level = 0.55 + 0.4 * level  # noqa: PLW2901 (few players: nobody may leave)
        energy = round(min(1.0, level * (0.35 + 0.65 * plan.energy)), 3)
        spans.append(Span(name, bar, count * unit, level, energy))
        bar += count * unit
    if bar < plan.bars:
        last = spans[-1]
        spans[-1] = Span(
            last.name, last.start_bar, plan.bars - last.start_bar, last.level, last.energy
        )
    return tuple(spans)
