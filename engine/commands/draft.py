"""Drafts of the law: what there are, what each changes, and a new one."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.options import FILE, load, rulesets, speech, text_or_json


@click.group()
def draft() -> None:
    """Drafts of the law: overlays under which every other verb can ask, by --draft."""


@draft.command("list")
@rulesets
@speech
@text_or_json
def draft_list(rulesets: Path, language: str, form: str) -> None:
    """List the drafts that stand beside the law."""
    from engine.drafting.draft_reports import draft_list_report
    from engine.law.drafts import draft_names

    draft_list_report([load(rulesets, (name,)) for name in draft_names(rulesets)], load(rulesets), form, language)


@draft.command("show")
@click.argument("drafts", metavar="NAME_OR_FILE...", nargs=-1, required=True)
@rulesets
@speech
@text_or_json
def draft_show(drafts: tuple[str, ...], rulesets: Path, language: str, form: str) -> None:
    """Show what drafts assume and change, with the proposed articles and the reasons.

    \b
    Examples:
      kazets draft show offset-limit-5
      kazets draft show my-draft.yaml --lang kk
    """
    from engine.drafting.draft_reports import draft_show_report

    draft_show_report(load(rulesets, drafts), form, language)


@draft.command("new")
@click.argument("name")
@click.option("--phase", required=True, help="The phase whose values are written out, ready to be changed.")
@click.option("--output", type=FILE, help="The file to write (default: NAME.yaml in this folder).")
@rulesets
def draft_new(name: str, phase: str, output: Path | None, rulesets: Path) -> None:
    """Write a new draft: a valid one, which changes nothing yet.

    \b
    Example:
      kazets draft new my-draft --phase PHASE
    """
    from engine.drafting.draft_reports import draft_new_report

    draft_new_report(load(rulesets), name, phase, output)


VERBS = (draft,)
