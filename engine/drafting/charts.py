"""Charts of a report as SVG that stands within the page: drawn by Vega-Lite, without a browser or a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

ONE, OTHER, MORE, LESS = "#8a99a8", "#c2571a", "#c2571a", "#2b7a78"
FONT = "Helvetica, Arial, DejaVu Sans, sans-serif"
BAR, WIDTH = 24, 440


class Bar(NamedTuple):
    """A bar: its label, its length, and which of several it is (a law, a scenario)."""

    label: str
    value: int | float
    side: str = ""


def changes(bars: Sequence[Bar], unit: str) -> str:
    """Bars to the right for more and to the left for less, one beneath the other in the order given."""
    import altair as alt

    data = alt.InlineData(values=[{"label": bar.label, "value": bar.value} for bar in bars])
    order = [bar.label for bar in bars]
    base = alt.Chart(data, width=WIDTH, height=alt.Step(BAR))
    drawn = base.mark_bar(cornerRadius=2).encode(
        x=alt.X("value:Q", title=unit, axis=alt.Axis(format=",~f", tickCount=5)),
        y=alt.Y("label:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
        color=alt.condition("datum.value > 0", alt.value(MORE), alt.value(LESS)),
    )
    rule = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color="#444").encode(x="zero:Q")
    return _svg(drawn + rule)


def pairs(bars: Sequence[Bar], sides: tuple[str, str], title: str) -> str:
    """For each label a bar for either law."""
    import altair as alt

    data = alt.InlineData(values=[{"label": bar.label, "value": bar.value, "side": bar.side} for bar in bars])
    drawn = (
        alt.Chart(data, width=WIDTH, height=alt.Step(BAR // 2 + 2))
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("value:Q", title=title, axis=alt.Axis(format=",~f", tickCount=5)),
            y=alt.Y("label:N", sort=list(dict.fromkeys(bar.label for bar in bars)), title=None, axis=alt.Axis(labelLimit=260)),
            yOffset=alt.YOffset("side:N", sort=list(sides)),
            color=alt.Color("side:N", scale=alt.Scale(domain=list(sides), range=[ONE, OTHER]), legend=alt.Legend(title=None, orient="top")),
        )
    )
    return _svg(drawn)


def years(bars: Sequence[Bar], sides: Sequence[str], title: str) -> str:
    """A line for each side over the years, with its points."""
    import altair as alt

    data = alt.InlineData(values=[{"year": bar.label, "value": bar.value, "side": bar.side} for bar in bars])
    colours = [ONE, OTHER, "#2b7a78", "#6b4c9a", "#b8860b", "#444444"][: len(sides)]
    drawn = (
        alt.Chart(data, width=WIDTH, height=230)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=title, axis=alt.Axis(format=",~f", tickCount=6)),
            color=alt.Color(
                "side:N", scale=alt.Scale(domain=list(sides), range=colours), legend=alt.Legend(title=None, orient="top", labelLimit=400)
            ),
            strokeDash=alt.StrokeDash("side:N", sort=list(sides), legend=None),
        )
    )
    return _svg(drawn)


def _svg(chart: Any) -> str:
    import vl_convert

    styled = (
        chart.configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, grid=True, gridColor="#eee")
    )
    return str(vl_convert.vegalite_to_svg(styled.to_json()))
