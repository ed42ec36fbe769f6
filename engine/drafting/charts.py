"""Charts of a report as SVG that stands within the page: drawn by Vega-Lite, without a browser or a network."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, NamedTuple

from engine.explaining.locales import number_text

ONE, OTHER, MORE, LESS = "#8a99a8", "#c2571a", "#c2571a", "#2b7a78"
FONT = "Helvetica, Arial, DejaVu Sans, sans-serif"
BAR, WIDTH, LABEL, LETTERS = 30, 250, 210, 34
"""Pixels of a bar, of a chart and of its labels, chosen so that a page shows it unshrunk; letters in a line of a label."""


class Bar(NamedTuple):
    """A bar or a point: its label, its length, and which of several it is (a law, a scenario)."""

    label: str
    value: int | float
    side: str = ""


def bars(lengths: Sequence[Bar], unit: str, language: str) -> str:
    """Bars to the right for more and to the left for less, one beneath the other in the order given."""
    import altair as alt

    data = alt.InlineData(values=[{"label": _lines(bar.label), "value": bar.value} for bar in lengths])
    base = alt.Chart(data, width=WIDTH, height=alt.Step(BAR)).encode(
        x=alt.X("value:Q", title=unit, axis=alt.Axis(format=",~f", tickCount=4)),
        y=alt.Y(
            "label:N",
            sort=[_lines(bar.label) for bar in lengths],
            title=None,
            axis=alt.Axis(labelLimit=LABEL, labelExpr="split(datum.label, '\\n')"),
        ),
    )
    colour = alt.condition("datum.value > 0", alt.value(MORE), alt.value(LESS))
    drawn = base.mark_bar(cornerRadius=2).encode(color=colour)
    rule = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color="#444").encode(x="zero:Q")
    return _svg(drawn + rule, language)


def _lines(label: str) -> str:
    """A label in at most two lines."""
    lines = wrap(label, LETTERS)
    return "\n".join(lines if len(lines) < 3 else [lines[0], lines[1] + "…"])


def years(points: Sequence[Bar], sides: Sequence[str], title: str, language: str) -> str:
    """A line for each side over the years, with its points."""
    import altair as alt

    data = alt.InlineData(values=[{"year": bar.label, "value": bar.value, "side": bar.side} for bar in points])
    colours = [ONE, OTHER, "#2b7a78", "#6b4c9a", "#b8860b", "#444444"][: len(sides)]
    drawn = (
        alt.Chart(data, width=WIDTH + LABEL - 40, height=230)
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("year:O", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=title, axis=alt.Axis(format=",~f", tickCount=6)),
            color=alt.Color(
                "side:N",
                scale=alt.Scale(domain=list(sides), range=colours),
                legend=alt.Legend(title=None, orient="top", columns=1, labelLimit=WIDTH + LABEL),
            ),
            strokeDash=alt.StrokeDash("side:N", sort=list(sides), legend=None),
        )
    )
    return _svg(drawn, language)


def _svg(chart: Any, language: str) -> str:
    import vl_convert

    thousands = number_text(1000, language).strip("0123456789")

    styled = (
        chart.configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, grid=True, gridColor="#eee")
    )
    locale = {"decimal": "." if thousands == "," else ",", "thousands": thousands, "grouping": [3], "currency": ["", ""]}
    return str(vl_convert.vegalite_to_svg(styled.to_json(), format_locale=locale))
