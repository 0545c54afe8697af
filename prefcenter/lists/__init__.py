"""Files in and out: reader/ reads tables, imports/ takes them in, audience/ answers them with verdicts, suppressions/
exports opt-outs, spreadsheets.py writes CSV and XLSX."""
