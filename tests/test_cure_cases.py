"""Cures: worked cases with their arithmetic, and the proofs that there is none."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.analysis import cure
from engine.analysis.curing import Work
from engine.law import Law
from engine.problems import InputError
from engine.proving import Inquiry, Root
from tests.shortfall import BEFORE, DUE, FOREST, ROOT_K, asked, case, done, emitted, lot, replayed, surrender, text, with_lots
from tests.small_law import facts_of


def test_a_lot_of_its_own_covers_the_shortfall(law: Law) -> None:
    """100,000 t - 99,000 units = 1,000 short; the lot V has 1,500 of 2023, which count in 2024: 1,000 of it, one act."""
    content = with_lots(lot("V", 1500, issued_for=2023), as_of=BEFORE)
    report = asked(law, content)
    assert (report.status, report.state) == ("not_yet_due", "still")
    best = report.still.cures[0]
    assert done(best) == [("surrender-held", "V", 1000, DUE)]
    assert (best.acts, best.units, best.cost, best.status) == (1, 1000, None, "compliant")
    assert replayed(law, content, best) == "compliant"


def test_after_the_deadline_the_same_is_only_what_would_have_been(law: Law) -> None:
    report = asked(law, with_lots(lot("V", 1500, issued_for=2023)))
    assert (report.status, report.breaches, report.state) == ("non_compliant", ("surrender_missing",), "too_late")
    assert not report.still.cures and report.still.obstacles
    assert done(report.would_have.cures[0]) == [("surrender-held", "V", 1000, DUE)]


def test_without_a_lot_it_buys_the_shortfall_at_the_last_price_before_the_day(law: Law) -> None:
    """1,000 units at 500.5 tenge, the last quotation by 15 April: 500,500 tenge. Two rows: the lot and its surrender."""
    prices = [{"on": "2025-03-01", "price_kzt": 450}, {"on": "2025-04-10", "price_kzt": "500.5"}, {"on": "2025-05-10", "price_kzt": 600}]
    content = case(quotations=prices)
    best = asked(law, content).would_have.cures[0]
    assert done(best) == [("acquire-allowances", "K", 1000, DUE)]
    assert (best.acts, best.units, best.cost) == (2, 1000, 500500)
    assert [dict(one)["vintage"] for one in best.doings[0].also] == [2023, 2022], (
        "earlier years of the plan serve as well, later ones do not"
    )
    assert replayed(law, content, best) == "compliant"


@pytest.mark.parametrize(
    ("held", "reason", "instrument", "point"),
    [
        (lot("B", 5000, issued_for=2025), "later_vintage", "icap-2025", "Banking and borrowing"),
        (lot("B", 5000, plan="phase_4", issued_for=2021), "other_plan", "icap-2025", "Banking and borrowing"),
        (lot("B", 5000, kind="qazaq_green", plan="none", issued_for="none"), "kind_not_eligible", "icap-2025", "Compliance mechanism"),
    ],
    ids=["borrowed", "last-phase", "qazaq-green"],
)
def test_what_is_held_but_barred_is_named_with_its_article(
    held: dict[str, Any], reason: str, instrument: str, point: str, law: Law
) -> None:
    """5,000 units that do not count leave the 1,000 to be bought."""
    report = asked(law, with_lots(held))
    assert [(b.place[0], b.reason, b.size) for b in report.barred] == [("B", reason, 5000)]
    assert (instrument, point) in {cite for ground in report.barred[0].grounds for cite in ground.cites}
    assert done(report.would_have.cures[0]) == [("acquire-allowances", "K", 1000, DUE)]


def test_under_the_statutes_the_bar_on_last_phase_units_cites_the_code(law: Law) -> None:
    report = asked(law, with_lots(lot("B", 5000, plan="phase_4", issued_for=2021)), "statute")
    assert ("env-code-2021-2024", "291(7)") in {cite for ground in report.barred[0].grounds for cite in ground.cites}
    assert done(report.still.cures[0]) == [("acquire-allowances", "K", 1000, "2025-12-31")], "the rules give until the end of the next year"


def test_of_several_lots_the_largest_come_first(law: Law) -> None:
    """600 + 400 of the 500: no fewer lots make 1,000."""
    content = with_lots(lot("A", 300), lot("B", 600), lot("C", 500))
    ways = asked(law, content).would_have.cures
    assert done(ways[0]) == [("surrender-held", "B", 600, DUE), ("surrender-held", "C", 400, DUE)]
    assert done(ways[1]) == [("acquire-allowances", "K", 1000, DUE)], "the other way stands beside it"


def test_own_units_beat_fewer_entries_and_the_other_way_is_shown(law: Law) -> None:
    """400 + 300 + 300 = 1,000 takes three entries and costs nothing; buying takes two."""
    ways = asked(law, with_lots(lot("A", 300), lot("B", 400), lot("C", 300))).would_have.cures
    assert [(way.acts, way.units) for way in ways] == [(3, 1000), (2, 1000)]
    assert sorted((place, number) for _, place, number, _ in done(ways[0])) == [("A", 300), ("B", 400), ("C", 300)]


def test_only_what_its_own_lots_lack_is_bought(law: Law) -> None:
    """600 of its own and 400 bought at 450 tenge: 180,000 tenge. Or, instead of buying allowances, 400 offsets, not quoted."""
    content = with_lots(lot("A", 600), quotations=[{"on": "2025-03-01", "price_kzt": 450}], projects=[FOREST])
    ways = asked(law, content).would_have.cures
    assert done(ways[0]) == [("surrender-held", "A", 600, DUE), ("acquire-allowances", "K", 400, DUE)]
    assert (ways[0].acts, ways[0].units, ways[0].cost) == (3, 1000, 180_000)
    assert done(ways[1]) == [("surrender-held", "A", 600, DUE), ("acquire-offsets", "K", 400, DUE)]
    assert (ways[1].cost, len(ways)) == (None, 2)


def test_offset_units_of_a_project_that_counts(law: Law) -> None:
    """Buying allowances comes first; offsets of the forestry project serve too, those of the power project do not."""
    projects = [{"id": "P-power", "sector": "power", "field": "other", "gas": "co2", "host_installation": "none"}, FOREST]
    ways = asked(law, case(projects=projects)).would_have.cures
    assert [way.doings[0].action for way in ways] == ["acquire-allowances", "acquire-offsets"]
    assert dict(ways[1].doings[0].rows[0][1])["project"] == "P-forest"
    assert ways[1].doings[0].also == ()


def test_a_late_report_has_no_cure_and_the_proof_names_the_rules(law: Law) -> None:
    """Filed on 20 April, due on 15 April: nothing that is done in June makes it timely."""
    content = with_lots(
        lot("V", 1000),
        reports=[{"installation": "K", "year": 2024, "submitted_on": "2025-04-20"}],
        surrenders=[surrender("U", 99000), surrender("V", 1000)],
    )
    report = asked(law, content)
    assert (report.breaches, report.state) == (("report_late", "verification_late"), "too_late")
    late = next(obstacle for obstacle in report.still.obstacles if obstacle.about == "report_late")
    named = {rule.rule: rule for rule in late.rules}
    assert {"breach-report-late", "report-late", "report-in-time", "report-due"} <= set(named)
    assert named["report-due"].value == date(2025, 4, 15)
    assert ("icap-2025", "Monitoring, Reporting, Verification (MRV)") in named["report-late"].cites
    assert late.actions == (("still", "file-report"),)
    assert done(report.would_have.cures[0]) == [("file-report", "K", None, DUE)]
    assert replayed(law, content, report.would_have.cures[0]) == "compliant"


def test_a_late_surrender_would_only_have_had_to_be_earlier(law: Law) -> None:
    """1,000 surrendered on 20 April: one act, no further unit."""
    content = with_lots(lot("V", 1000), surrenders=[surrender("U", 99000), surrender("V", 1000, "2025-04-20")])
    report = asked(law, content)
    best = report.would_have.cures[0]
    assert (report.breaches, best.acts, best.units) == (("surrender_late",), 1, 0)
    assert done(best) == [("surrender-earlier", "V", None, DUE)]
    assert replayed(law, content, best) == "compliant"


def test_several_breaches_take_one_act_each(law: Law) -> None:
    """No report and 1,000 short: a report, and 1,000 of the lot V."""
    best = asked(law, with_lots(lot("V", 1000), reports=[])).would_have.cures[0]
    assert {action for action, *_ in done(best)} == {"file-report", "surrender-held"}
    assert (best.acts, best.units) == (2, 1000)


def test_half_a_tonne_takes_a_whole_unit(law: Law) -> None:
    """100,000.5 t - 99,000 = 1,000.5, and units are whole: 1,001."""
    emissions = [{"installation": "K", "year": 2024, "gas": "co2", "tonnes": "100000.5"}]
    assert asked(law, with_lots(lot("V", 5000), emissions=emissions)).would_have.cures[0].units == 1001


def test_a_doubtful_lot_hides_no_cure(law: Law) -> None:
    """The lot X has no known quantity; 1,000 of the lot V are enough whatever X holds."""
    best = asked(law, with_lots(lot("V", 1000), lot("X", "unknown"))).would_have.cures[0]
    assert done(best) == [("surrender-held", "V", 1000, DUE)]


def test_nothing_to_cure(law: Law) -> None:
    report = asked(law, with_lots(lot("V", 1000), surrenders=[surrender("U", 99000), surrender("V", 1000)]))
    assert (report.state, report.still.cures, report.would_have.cures) == ("reached", (), ())


def test_what_is_not_known_is_not_cured(law: Law) -> None:
    report = asked(law, case(emissions=[]))
    assert report.state == "unknown"
    assert any(cause.name == "emissions" for cause in report.missing)


def test_an_installation_that_is_not_covered_has_nothing_to_cure(law: Law) -> None:
    report = asked(law, case(quotas=[], emissions=[{"installation": "K", "year": 2024, "gas": "co2", "tonnes": 500}]))
    assert (report.status, report.state) == ("not_covered", "reached")


def test_while_the_system_is_suspended_a_report_is_still_owed_and_cures(law: Law) -> None:
    """Nobody reported 50,000 t of 2016: by the factsheet 15 April 2017 would have been in time, by the Code only the day before 1 April."""
    nothing: dict[str, Any] = {name: [] for name in ("monitoring_plans", "reports", "quotas", "units", "surrenders")}
    content = case("2017-06-01", emissions=emitted(50000, 2016)) | nothing
    report = cure(law, facts_of(law.vocabulary, content), Inquiry(), Root("installation_year", ("K",), 2016))
    best = report.would_have.cures[0]
    assert [(d.action, d.day) for d in best.doings] == [("file-report", date(2017, 4, 15))]
    assert report.differs["statute"].way.cures[0].doings[0].day == date(2017, 3, 31)
    assert best.status == "suspended"


def test_operating_without_a_quota_has_no_cure_at_all(law: Law) -> None:
    """100,000 t, in no plan and not yet obliged to surrender: where that is read as an offence, nothing that can be done mends it."""
    content = case(quotas=[], units=[], surrenders=[])
    report = cure(law, facts_of(law.vocabulary, content), Inquiry(None, {"gap-year": "offence"}), ROOT_K)
    assert (report.breaches, report.state) == (("emitted_without_quota",), "none")
    (obstacle,) = report.would_have.obstacles
    assert (obstacle.about, obstacle.actions) == ("emitted_without_quota", ())
    assert ("env-code-2021-2024", "289(6)") in {cite for rule in obstacle.rules for cite in rule.cites}


def test_what_another_authority_says_stands_beside_it(law: Law) -> None:
    """The statutes let units of 2024 be surrendered until the end of 2025: in June 1,000 can still be bought."""
    report = asked(law, case())
    assert report.state == "too_late"
    assert done(report.differs["statute"].still.cures[0]) == [("acquire-allowances", "K", 1000, "2025-12-31")]
    assert not asked(law, case(surrenders=[surrender("U", 99000), surrender("U", 0)], emissions=emitted(99000))).differs


def test_a_trade_has_no_goal(law: Law) -> None:
    with pytest.raises(InputError, match="has no goal"):
        cure(law, facts_of(law.vocabulary, case()), Inquiry(), Root("trade", ("T",), 2024))


def test_a_search_that_does_not_end_says_so_and_claims_nothing(law: Law, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.analysis.search.EFFORTS", (1, 1))
    report = Work(law, law.select(), facts_of(law.vocabulary, case(BEFORE)))(ROOT_K)
    assert (report.state, report.why) == ("not_searched", "the search did not end")
    assert not report.way.cures and not report.still.obstacles
    assert "the search did not come to an end" in text(report, law, "en")
