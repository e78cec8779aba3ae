"""Causes and remedies of what is wrong with logs, policies and saved results."""

from __future__ import annotations

FILE_REMEDIES: dict[str, tuple[str, str]] = {
    "CC501": (
        "The file is none of the logs and tables that init --from reads.",
        "carbonctl help formats lists them, each with the command that writes it.",
    ),
    "CC502": (
        "A column, a value or the end of an imported file is missing, or nothing was measured.",
        "Write the log again as the hint says; delete a last row that was cut short.",
    ),
    "CC503": (
        (
            "A power log pauses for far longer than its usual interval. To fill the gap would be a "
            "guess."
        ),
        "Cut the log at the gap and import the parts.",
    ),
    "CC504": (
        "Times of a log go backward: a clock was set, or two logs were joined.",
        "Cut the log there, or sort its rows.",
    ),
    "CC505": (
        (
            "Two files or rows measure the same device or job at the same time; adding them would "
            "count it twice."
        ),
        "Keep one log a node. Ranks of one node each see all of its devices.",
    ),
    "CC506": (
        "A value of an imported file is no number, no time, or none that can be.",
        "Correct the row, or leave out what was not measured.",
    ),
    "CC507": (
        "An imported file is larger than 50 MB, or one of its lines is.",
        "Log at longer intervals, or split the log by node.",
    ),
    "CC508": (
        "The class named under architectures in config.json has no rule to count its parameters.",
        "Give the parameters: model: {params: 7B}.",
    ),
    "CC509": (
        "The files are different kinds of evidence, or logs with and without times.",
        "Import them one by one, and list the runs yourself.",
    ),
    "CC601": (
        (
            "The number that a rule holds is over its limit, a required part is missing, or a "
            "refused tier is used."
        ),
        (
            "Look at what drives it and at the line that is named; change the scenario, or grant "
            "an exception until a day."
        ),
    ),
    "CC602": (
        (
            "The number of a rule is null, or its central value is within the limit and its 95th "
            "percentile is not."
        ),
        (
            "Give the inputs that decide the interval a narrower range, or say on_uncertain: warn "
            "in the rule."
        ),
    ),
    "CC604": (
        (
            "No rule of the policy is about this scenario (none of its limits, where it has "
            "limits), or there is neither a policy nor a budget. A scenario's own budget does not "
            "satisfy a policy."
        ),
        (
            "Check the names under scenarios of the rules, give --policy, or write a budget into "
            "the scenario."
        ),
    ),
    "CC605": (
        (
            "A rule limits an increase, and there is no baseline, none of that name, or one on "
            "another basis."
        ),
        (
            "Give --baseline with a saved result or a scenario, or say baseline: optional in the "
            "rule."
        ),
    ),
    "CC606": (
        "The metric of a rule is no number that a result has.",
        (
            "Take a name under metrics of carbonctl lifecycle -f json; it ends in its unit, as "
            "total_kgco2e does."
        ),
    ),
    "CC607": (
        (
            "A rule has none of max, max_increase, require, forbid_tier, forbid_warnings, "
            "require_source and max_given_without_source, several of them, or words that do not "
            "go with it."
        ),
        "Make it ask for exactly one thing; split it where it asks for two.",
    ),
    "CC608": (
        "Two rules have the same id, or an exception names a rule that there is not.",
        ("Give every rule an id of its own, and name it in the exception as it is written there."),
    ),
    "CC610": (
        ("A rule limits the cost of carbon, and carbon_price is missing or in another currency."),
        (
            "Write carbon_price: 100 EUR/t at the top of the policy, and the limit in the same "
            "currency."
        ),
    ),
    "CC611": (
        "The day until which an exception holds is no day of the calendar.",
        "Write year, month and day, as in until: 2027-03-31.",
    ),
    "CC612": (
        (
            "The saved result was made by another version of carbonctl, so that data or formulas "
            "differ. It is computed again, and that is judged."
        ),
        "Save it again with this version, or give the scenario file itself.",
    ),
    "CC613": (
        (
            "A saved result was changed after it was written: computed again from its own inputs, "
            "by the version that made it, it comes to something else."
        ),
        (
            "Save it again, or give the scenario itself; --trust-result takes it as it stands, "
            "and the verdict says so."
        ),
    ),
    "CC614": (
        (
            "Records of --hardware-db, of CARBONCTL_HARDWARE_DB, or of the folder that a saved "
            "result was made with lie over the bundled ones, and could make any gate pass."
        ),
        "Gate without the folder, or name it in the policy: allow_overlay: [DIR].",
    ),
    "CC615": (
        (
            "A grid factor, PUE, power, water or embodied figure that the scenario gives is below "
            "the range of the fact it replaces, or a life above it."
        ),
        (
            "Leave it out to take the bundled fact, or name its path in the policy: "
            "allow_given: [site.grid]."
        ),
    ),
    "CC616": (
        "Rules, exceptions and baselines find a scenario by its name, and two have the same.",
        "Give each scenario a name: of its own.",
    ),
    "CC617": (
        "A total, of the whole or of a phase, is below zero, as no life of hardware is.",
        "Look for a negative figure in the hardware data or in the saved result.",
    ),
    "CC701": (
        "The file is not valid JSON: cut off, written by hand, or with NaN in it.",
        "Save it again: carbonctl lifecycle FILE -f json -o RESULT.json.",
    ),
    "CC702": (
        "The file is JSON, but no result of carbonctl, or its keys are not those of one.",
        "Give what -f json -o wrote; errors of a command are no result.",
    ),
    "CC703": (
        "The result was written with another schema version than this one reads.",
        "Estimate the scenario again with this version.",
    ),
    "CC704": (
        (
            "The result was changed after it was written: its sums do not hold or its percentiles "
            "cross."
        ),
        "Take the file as it was written, or estimate the scenario again.",
    ),
    "CC705": (
        "The result holds no inputs, or inputs that this version and its data do not accept.",
        "Save it with this version, or check the scenario itself with carbonctl validate.",
    ),
    "CC706": (
        "The format has no place for what the result holds, such as several scenarios.",
        "Take -f json or -f ndjson, which hold everything.",
    ),
}
