"""Reads every list of a mirror by pyfwc, and prints what it found as JSON.

pyfwc has the Commission's addresses in it: its requests are sent to the mirror in their place.
"""

import json
import sys

import requests
from pyfwc import FWCAPI
from pyfwc import fwc

mirror, key = sys.argv[1:]
send = requests.get


def get(url, **rest):
    for real in ("https://api.fwc.gov.au", "https://uatapi.fwc.gov.au"):
        url = url.replace(real, mirror)
    return send(url, timeout=30, **rest)


requests.get = get
# It is polite to the Commission's server: a second between pages.
fwc.time.sleep = lambda seconds: None

api = FWCAPI(key)
award = "MA000901"
found = {
    "awards": len(api.get_awards("Invented+Award")),
    "award": len(api.get_award(award)),
    "award_by_id": len(api.get_award("801")),
    "classification": api.get_classification(award, 801007)["classification"].iloc[0],
    "classifications": len(api.get_classifications(award)),
    "classifications_of_level": len(api.get_classifications(award, classification_level=7)),
    "payrates": len(api.get_payrates(award)),
    "payrates_of_adults": len(
        api.get_payrates(award, classification_level=7, employee_rate_type_code="AD,TN")
    ),
    "payrates_of_trainees": len(api.get_payrates(award, employee_rate_type_code="TN")),
    "current_payrate": float(api.get_current_payrate(award, 801007)["calculated_rate"].iloc[0]),
    "penalties": len(api.get_penalties(award)),
    "wage_allowances": len(api.get_wage_allowances(award)),
    "wage_allowance": api.get_wage_allowance(award, 801001)["allowance"].iloc[0],
    "expense_allowances": len(api.get_expense_allowances(award)),
}
try:
    api.get_award("MA000777")
except ValueError as error:
    found["unknown_award"] = str(error)
print(json.dumps(found))
