"""What the classifications of one version of a pack earn."""

import datetime
from decimal import Decimal

from words import CENT, ZERO, Refused, date_of, months_later, rounded, share


class Rates:
    """What the classifications of one version of a pack earn."""

    def __init__(self, pack, version):
        self.pack, self.version = pack, version
        self.rules = next(it for it in pack["rules"] if it["name"] == version["rules"])
        self.week = Decimal(self.rules["week"])
        self.stated, self.dollars, self.week_max = self.inherited(version)
        self.shares, self.scales, self.stages, self.always = {}, {}, {}, {}
        self.factors = {}
        for it in pack["classification"]:
            self.always[it["code"]] = it.get("all_purpose", [])
            self.factors[it["code"]] = it.get("factor")
            if "of" in it:
                self.shares[it["code"]] = (it, it["of"], it["percent"])
        for table in pack.get("juniors", []):
            for of in table["of"]:
                for age in table["age"]:
                    code = f"{of}-{age['suffix']}"
                    self.shares[code] = (table, table.get("reference", of), self.percent(age))
                    self.always[code] = self.always.get(of, [])
                    self.factors[code] = self.factors.get(of)
                if all("from" in age for age in table["age"]):
                    self.scales[of] = table
        for table in pack.get("apprentices", []):
            self.stages[table["code"]] = table
            for stage in table["stage"]:
                code = f"{table['code']}-{stage['suffix']}"
                self.always[code] = table.get("all_purpose", [])
                if "percent" in stage:
                    of = stage.get("of", table.get("of"))
                    self.shares[code] = (table, of, self.percent(stage))
        self.found = {}

    def inherited(self, version):
        rates, dollars, week_max = {}, {}, {}
        if "rates_from" in version:
            former = next(
                it for it in self.pack["version"] if it["operative_from"] == version["rates_from"]
            )
            rates, dollars, week_max = self.inherited(former)
        return (
            {**rates, **version.get("rates", {})},
            {**dollars, **version.get("allowances", {})},
            {**week_max, **version.get("week_max", {})},
        )

    def percent(self, row):
        """The share that holds in this version."""
        percent = row["percent"]
        for phase in row.get("phase", []):
            if phase["from"] <= self.version["operative_from"]:
                percent = phase["percent"]
        return percent

    def hourly(self, code, weekly):
        """Of a weekly amount; daily hire has a year's weeks paid in fewer."""
        factor = self.factors.get(code) or {"times": "1", "over": "1"}
        return rounded(weekly * Decimal(factor["times"]) / Decimal(factor["over"]) / self.week)

    def of(self, code):
        """Weekly, and hourly to the cent; None when the version does not offer it."""
        if code not in self.found:
            self.found[code] = self.work_out(code)
        return self.found[code]

    def work_out(self, code):
        if code in self.stated:
            stated = self.stated[code]
            if "annual" in stated:
                return None
            if "weekly" in stated:
                weekly = Decimal(stated["weekly"])
            else:
                hourly = Decimal(stated["hourly"])
                return hourly * self.week, hourly
            return weekly, self.hourly(code, weekly)
        if code not in self.shares:
            return None
        table, of, percent = self.shares[code]
        whole = self.of(of)
        if whole is None:
            return None
        percent = Decimal(percent)
        if table.get("share_of") == "hourly":
            hourly = rounded(share(whole[1], percent))
            return hourly * self.week, hourly
        weekly = share(whole[0], percent)
        steps = {"cent": CENT, "ten-cents": Decimal("0.10"), "dollar": Decimal(1)}
        step = table.get("round", "cent")
        if step != "none":
            weekly = rounded(weekly, steps[step])
        return weekly, self.hourly(code, weekly)

    def classification(self, code, day, person):
        """The classification that pays somebody on a day."""
        date = date_of(day)
        if code in self.stages:
            return f"{code}-{self.stage(self.stages[code], date, person)['suffix']}"
        born = person.get("date_of_birth")
        if code not in self.scales or born is None:
            return code
        table = self.scales[code]
        born = datetime.date.fromisoformat(born)
        age = date.year - born.year - ((date.month, date.day) < (born.month, born.day))
        if table.get("adult_from", 21) <= age:
            return code
        served = person.get("service_from")
        served = served and datetime.date.fromisoformat(served)

        def holds(row):
            months = row.get("service_months", 0)
            return row["from"] <= age and (
                months == 0 or (served is not None and months_later(served, months) <= date)
            )

        rows = [it for it in table["age"] if holds(it)]
        if not rows:
            raise Refused("too young")
        row = max(rows, key=lambda it: (it["from"], it.get("service_months", 0)))
        return f"{code}-{row['suffix']}"

    def stage(self, table, date, person):
        facts = {"apprenticeship": "apprenticeship_from", "service": "service_from"}
        begun = person.get(facts[table.get("by", "apprenticeship")])
        if begun is None:
            raise Refused("no beginning")
        begun = datetime.date.fromisoformat(begun)
        rows = [it for it in table["stage"] if months_later(begun, it["from"]) <= date]
        if not rows:
            raise Refused("not begun")
        return max(rows, key=lambda it: it["from"])

    def allowance(self, rule):
        """The dollars of one unit; None when the version does not offer it."""
        if "of" in rule:
            whole = self.of(rule["of"])
            if whole is None:
                return None
            of = {
                "weekly": whole[0],
                "hourly": whole[1],
                "hourly-unrounded": whole[0] / self.week,
            }[rule.get("rate", "weekly")]
            steps = {"cent": CENT, "ten-cents": Decimal("0.10"), "dollar": Decimal(1)}
            return rounded(share(of, Decimal(rule["percent"])), steps[rule.get("round", "cent")])
        dollars = self.dollars.get(rule["code"], rule.get("amount"))
        return None if dollars is None else Decimal(dollars)

    def bases(self, code, claimed, supported):
        """The minimum hourly rate, and the ordinary hourly rate with all-purpose allowances."""
        weekly, hourly = self.of(code)
        rules = {it["code"]: it for it in self.rules.get("allowance", [])}
        codes = list(self.always.get(code, []))
        codes += [it for it in claimed if it not in codes]
        extra = sum((self.allowance(rules[it]) or ZERO for it in codes), ZERO)
        stated = self.stated.get(code, {}).get("all_purpose_weekly")
        if stated is not None:
            extra += Decimal(stated)
        full = self.hourly(code, weekly + extra) if extra else hourly
        if supported is not None:
            hourly, full = (rounded(share(it, supported)) for it in (hourly, full))
        return hourly, full
