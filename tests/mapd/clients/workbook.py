"""Writes a CSV file as a workbook: days as dates, everything that is a number as one."""

import csv
import datetime
import sys

import openpyxl

source, target = sys.argv[1:]
with open(source, encoding="utf-8") as file:
    header, *rows = csv.reader(file)
book = openpyxl.Workbook()
sheet = book.active
sheet.append(header)


def value(name, text):
    if text == "":
        return None
    if name in ("operativeFrom", "operativeTo"):
        return datetime.datetime.fromisoformat(text)
    if name == "clauses":
        return text
    try:
        return float(text)
    except ValueError:
        return text


for row in rows:
    sheet.append([value(name, text) for name, text in zip(header, row)])
book.save(target)
