"""A register of four installations in 2024, small enough for arithmetic by hand: what is in its files, and what it says of itself."""

from __future__ import annotations

from pathlib import Path

REGISTER = {
    "register.yaml": "as_of: 2026-01-31\ntitle: {en: A register of four, ru: Реестр из четырёх, kk: Төртеудің тізілімі}\nnote: {en: Four in all., ru: Всего четыре., kk: Барлығы төртеу.}\n",
    "operators.csv": "id,name,size\nO,Operator O,large\nQ,Operator Q,large\n",
    # A meets its obligation with 20 % offsets; B without any; C emits 15,000 t and is administered; D's emissions are not known
    "installations.csv": "id,name,operator,sector\nA,Alpha,O,power\nB,Beta,O,mining\nC,Gamma,Q,power\nD,Delta,Q,mining\n",
    "emissions.csv": "installation,year,gas,tonnes\nA,2024,co2,100000\nB,2024,co2,50000\nC,2024,co2,15000\nD,2024,co2,\n",
    "monitoring_plans.csv": "installation,submitted_on\nA,2022-02-01\nB,2022-02-01\nC,2022-02-01\nD,2022-02-01\n",
    "reports.csv": "installation,year,submitted_on\nA,2024,2025-03-01\nB,2024,2025-03-01\nC,2024,2025-03-01\nD,2024,2025-03-01\n",
    "quotas.csv": "installation,plan,year,quantity\nA,phase_5,2024,80000\nB,phase_5,2024,50000\nD,phase_5,2024,50000\n",
    "projects.csv": "id,sector,field,gas,approved_on\nP,agriculture,agriculture,ch4,2023-01-01\n",
    "units.csv": "id,installation,kind,plan,issued_for,quantity,project\nA1,A,allowance,phase_5,2024,80000,none\n"
    "A2,A,offset,none,none,20000,P\nB1,B,allowance,phase_5,2024,50000,none\nD1,D,allowance,phase_5,2024,50000,none\n",
    "surrenders.csv": "installation,year,unit,quantity,on\nA,2024,A1,80000,2025-04-01\nA,2024,A2,20000,2025-04-01\n"
    "B,2024,B1,50000,2025-04-01\nD,2024,D1,50000,2025-04-01\n",
    "enforcement.csv": "installation,year,opened_on\nA,2024,2025-06-01\n",
}
SAID = (
    {"en": "A register of four", "ru": "Реестр из четырёх", "kk": "Төртеудің тізілімі"},
    {"en": "Four in all.", "ru": "Всего четыре.", "kk": "Барлығы төртеу."},
)


def written(folder: Path) -> Path:
    """The folder, which need not be there yet, with the register in it."""
    folder.mkdir(exist_ok=True)
    for name, content in REGISTER.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder
