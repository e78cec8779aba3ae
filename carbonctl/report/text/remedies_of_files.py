"""Cause and remedy of the error codes of logs, policies and saved results."""

from __future__ import annotations

FILE_REMEDIES: dict[str, tuple[str, str]] = {
    "CC501": (
        "The file is none of the logs and tables that init --from reads.",
        "carbonctl help formats lists them, each with the command that writes it.",
    ),
    "CC502": (
        "A column, a value or the end of an imported file is missing, or nothing was measured.",
        "Write the log again as in the hint; delete an incomplete last row.",
    ),
    "CC503": (
        (
            "A power log has a gap far longer than its usual interval. The energy in the gap is "
            "unknown."
        ),
        "Cut the log at the gap and import the parts.",
    ),
    "CC504": (
        "The times of a log decrease: a clock was set, or two logs were joined.",
        "Cut the log there, or sort its rows.",
    ),
    "CC505": (
        (
            "Two files or rows measure the same device or job at the same time; adding them would "
            "count it twice."
        ),
        "Keep one log per node. Each rank of a node measures all of its devices.",
    ),
    "CC506": (
        "A value of an imported file is not a number or a time, or is impossible.",
        "Correct the row, or delete what was not measured.",
    ),
    "CC507": (
        "An imported file is larger than 50 MB, or one of its lines is.",
        "Log at longer intervals, or split the log by node.",
    ),
    "CC508": (
        "The parameters of the class under architectures in config.json cannot be counted.",
        "Give the parameters: model: {params: 7B}.",
    ),
    "CC509": (
        "The files are different kinds of evidence, or some logs have times and some have none.",
        "Import them one by one, and list the runs yourself.",
    ),
    "CC601": (
        (
            "The number of a rule is over its limit, a required part is missing, or a forbidden "
            "tier is used."
        ),
        (
            "Check the drivers and the line in the message; change the scenario, or add an "
            "exception with a date."
        ),
    ),
    "CC602": (
        (
            "The number of a rule is null, as the median is without draws (--samples 0), or its "
            "statistic (p50 unless stated) is within the limit and its 95th percentile is not."
        ),
        (
            "Narrow the ranges of the inputs that decide the interval, give --samples above 0, or "
            "set on_uncertain: warn in the rule."
        ),
    ),
    "CC604": (
        (
            "No rule of the policy applies to this scenario (no limit, if the policy has limits), "
            "or there is neither a policy nor a budget. A scenario's own budget does not satisfy "
            "a policy."
        ),
        (
            "Check the names under scenarios of the rules, give --policy, or add a budget to the "
            "scenario."
        ),
    ),
    "CC605": (
        (
            "A rule limits an increase, and the baseline is missing, has another name, or is on "
            "another basis."
        ),
        (
            "Give --baseline with a saved result or a scenario, or set baseline: optional in the "
            "rule."
        ),
    ),
    "CC606": (
        "No result has the metric of a rule.",
        (
            "Use a name under metrics of carbonctl lifecycle -f json; it ends in its unit, as "
            "total_kgco2e does."
        ),
    ),
    "CC607": (
        (
            "A rule has none of max, max_increase, require, forbid_tier, forbid_warnings, "
            "require_source and max_given_without_source, several of them, or keys that do not "
            "apply to it."
        ),
        "Give exactly one condition per rule; split a rule with two.",
    ),
    "CC608": (
        "Two rules have the same id, or an exception names an unknown rule.",
        ("Give every rule a unique id, and use it in the exception."),
    ),
    "CC610": (
        ("A rule limits the cost of carbon, and carbon_price is missing or in another currency."),
        (
            "Write carbon_price: 100 EUR/t at the top of the policy, and the limit in the same "
            "currency."
        ),
    ),
    "CC611": (
        "The expiry date of an exception is not a valid date.",
        "Write year, month and day, as in until: 2027-03-31.",
    ),
    "CC612": (
        (
            "The saved result was made by another version of carbonctl, so data or formulas may "
            "differ. The gate judges the recomputed result."
        ),
        "Save it again with this version, or give the scenario file itself.",
    ),
    "CC613": (
        (
            "A saved result was edited: recomputed from its own inputs, by the version that made "
            "it, it differs."
        ),
        (
            "Save it again, or give the scenario itself; --trust-result accepts it unchanged, and "
            "the verdict notes that."
        ),
    ),
    "CC614": (
        (
            "Records of --hardware-db, of CARBONCTL_HARDWARE_DB, or of the folder that a saved "
            "result was made with override the bundled ones, and could make any gate pass."
        ),
        "Gate without the folder, or name it in the policy: allow_overlay: [DIR].",
    ),
    "CC615": (
        (
            "A grid factor, PUE, power, water or embodied figure of the scenario is below the "
            "range of the fact that it replaces, or a lifetime is above it."
        ),
        (
            "Remove it to use the bundled fact, or add its path to the policy: "
            "allow_given: [site.grid]."
        ),
    ),
    "CC616": (
        "Rules, exceptions and baselines refer to scenarios by name, and two have the same name.",
        "Give each scenario a unique name:.",
    ),
    "CC617": (
        "The total of the scenario or of a phase is negative, which is impossible.",
        "Look for a negative figure in the hardware data or in the saved result.",
    ),
    "CC701": (
        "The file is not valid JSON: cut off, written by hand, or with NaN in it.",
        "Save it again: carbonctl lifecycle FILE -f json -o RESULT.json.",
    ),
    "CC702": (
        "The file is JSON, but not a result of carbonctl.",
        "Give a file written by -f json -o; errors of a command are not a result.",
    ),
    "CC703": (
        "The result was written with another schema version than this one reads.",
        "Estimate the scenario again with this version.",
    ),
    "CC704": (
        ("The result was edited: its sums are wrong, or its percentiles are not in order."),
        "Use the original file, or estimate the scenario again.",
    ),
    "CC705": (
        "The result has no inputs, or inputs that this version and its data do not accept.",
        "Save it with this version, or check the scenario itself with carbonctl validate.",
    ),
    "CC706": (
        "The format cannot represent the result, for example several scenarios.",
        "Use -f json or -f ndjson, which contain everything.",
    ),
}
