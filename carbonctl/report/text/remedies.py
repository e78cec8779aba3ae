"""Cause and remedy of every error code, printed by ``help CCnnn``."""

from __future__ import annotations

from carbonctl.report.text.remedies_of_files import FILE_REMEDIES

# code -> cause, remedy
REMEDIES: dict[str, tuple[str, str]] = {
    "CC001": (
        "The text is not YAML: a bracket or quote is not closed, an indent is uneven or a tab.",
        (
            "Correct the line of the error; indent with spaces, and quote text that contains "
            '": " or " #".'
        ),
    ),
    "CC002": (
        "The bytes are not UTF-8 text, or contain a control character.",
        "Save the file as UTF-8. Files that PowerShell writes with > are UTF-16.",
    ),
    "CC003": (
        "A mapping has a key twice. Most YAML readers keep the last one without a warning.",
        "Remove one of the two; the error names the line of the first.",
    ),
    "CC004": (
        "A YAML tag such as !!int or !include is in the file.",
        "Write the plain value. To build on another file, use extends: base.yaml.",
    ),
    "CC005": (
        (
            "The file is larger than 4 MB (a saved result 40 MB, a table of cases 50 MB) or nested "
            "deeper than 40 levels."
        ),
        "No scenario needs that: check for a wrong file, or for brackets that are not closed.",
    ),
    "CC006": (
        "Aliases (*name) of anchors (&name) expand to more than 100,000 values.",
        "Write the values, or share them with extends.",
    ),
    "CC007": (
        "The file is empty, contains only comments, or is a list or a word instead of keys.",
        "Begin with carbonctl init lifecycle > my.yaml.",
    ),
    "CC008": (
        (
            "The file does not exist, is a folder, cannot be read or written, or -o names a file "
            "that the command reads; or stdin or stdout is closed, or its disk is full."
        ),
        "Check the path. A path in extends is relative to the file that contains it.",
    ),
    "CC009": (
        "A file extends itself, directly or through others.",
        "Remove one of the extends lines of the cycle.",
    ),
    "CC010": (
        (
            "extends names a file outside of the git work tree of the first file (outside of its "
            "folder where there is none), symbolic links followed."
        ),
        "Move the file inside, or name a folder that holds both: --root DIR.",
    ),
    "CC011": (
        (
            "The name is a device, a socket, or a pipe that no process writes to (or, for -o, "
            "reads) within 10 s."
        ),
        "Give a file. - reads stdin, and a pipe such as <(command) is read like a file.",
    ),
    "CC013": (
        "The file is a log, a table, a config.json, a saved result, a policy or a model card.",
        "Run the command that the error names: it reads files of that kind.",
    ),
    "CC101": (
        "This section has no key of this name. It may belong one level higher or lower.",
        "Use the name that the error suggests; validate --print-schema scenario lists all keys.",
    ),
    "CC102": (
        (
            "The region or zone is not in the grid tables. There is no fallback to a country or "
            "the world."
        ),
        "carbonctl grid search WORD finds names; site.grid sets a factor of your own.",
    ),
    "CC103": (
        "No accelerator of hardware_db has this id or alias.",
        "carbonctl hw search WORD finds ids; a folder of your own can add one: --hardware-db.",
    ),
    "CC104": (
        "No server of hardware_db, and no cloud instance, has this name.",
        "carbonctl hw list --kind servers lists servers; instances are written aws:p5.48xlarge.",
    ),
    "CC105": (
        "No model of hardware_db has this id or alias.",
        "carbonctl model search WORD finds ids; or describe it: model: {params: 7B}.",
    ),
    "CC106": (
        "The short name matches several devices or places that differ in carbon.",
        "Use one of the listed ids, as in a100-sxm4-80gb for a100.",
    ),
    "CC107": (
        "No part of this kind (CPU, memory, disk, network card, runtime) has this id.",
        "carbonctl hw search WORD finds ids of parts.",
    ),
    "CC108": (
        "No number of this result has the name given to --of, or several have.",
        "Use one of the names in the error: a metric, a line of the table or a formula step.",
    ),
    "CC201": (
        "A value has another type than its key expects, such as a list instead of text.",
        "Write it as the error shows. Quote text that looks like a number.",
    ),
    "CC202": (
        "A quantity has no unit, an unknown unit, or one of another kind, such as kg for a time.",
        "Write a number and a unit: 10 d, 700 W, 50 TB, 1M/day. carbonctl help units lists them.",
    ),
    "CC203": (
        (
            "The value is impossible: a PUE below 1, a share above 100 %, a count of 0, or beyond "
            "a physical limit."
        ),
        "Check the digits, the percent sign and the prefix of the unit.",
    ),
    "CC204": (
        "The value is not a number, is infinite, or is too large to compute with.",
        "Write digits with a decimal point and no commas; omit unknown values.",
    ),
    "CC205": (
        "A range is not in ascending order, or has the wrong number of entries.",
        "Write [low, value, high], or value with range: [low, high].",
    ),
    "CC206": (
        "A value that the estimate requires is missing.",
        "Add it as the hint shows. Every default in use is printed as assumed.",
    ),
    "CC207": (
        "The key takes one of a few words, and the value is none of them.",
        "Use one of the words in the error; they are in lower case.",
    ),
    "CC301": (
        "Two values give the same information, such as days and energy of one run.",
        "Keep the more accurate one; put the other under cross_check to compare both.",
    ),
    "CC302": (
        "The amount of work is missing: no energy, hours, days, tokens, samples or load.",
        "Give exactly one of them, or add a phase to estimate.",
    ),
    "CC303": (
        "Two entries contradict each other, or one of them has no effect.",
        "Correct or remove one of them. As a warning: the message names the entry in use.",
    ),
    "CC304": (
        (
            "The model, the load or the time does not fit the hardware, or the hardware lacks a "
            "feature that the work needs."
        ),
        "Use more devices, other devices, or less work. As a warning: it barely fits.",
    ),
    "CC305": (
        "The market basis needs the contracts of the site, and the scenario has none.",
        "Give site.contracted_clean, the share under contract, or use accounting: location.",
    ),
    "CC306": (
        "There is no tested formula for this combination, and no substitute is used.",
        "Give measured energy, accelerator-hours or days instead of work.",
    ),
    "CC307": (
        (
            "The value is far from all known ones, as with a wrong unit or boundary: a warning, or "
            "an error for a measured energy that its devices cannot draw."
        ),
        (
            "Check unit and boundary: g or kg, server or board. energy.note turns the error into a "
            "warning."
        ),
    ),
    "CC308": (
        ("A warning: the bundled grid factor of this place is years older than that of others."),
        "Give a newer one as site.grid with its source, or overlay the table: --hardware-db.",
    ),
    "CC309": (
        (
            "A warning for files of schema carbonctl/scenario/v1: all devices that serve are now "
            "charged for the whole period; before, they were charged by need."
        ),
        "Keep the old rule with infer.shared: true, or write schema: carbonctl/scenario/v2.",
    ),
    "CC401": (
        (
            "The bundled hardware_db, or the folder of --hardware-db or CARBONCTL_HARDWARE_DB, "
            "cannot be read."
        ),
        "Check the folder's name and permissions; reinstall if the bundled one is missing.",
    ),
    "CC402": (
        (
            "A record or a table of hardware_db breaks a rule: a source, unit or column is "
            "missing, or a value is impossible, such as a power below 0, a share above 1 or a PUE "
            "below 1."
        ),
        "carbonctl hw check --hardware-db DIR shows every broken rule.",
    ),
    **FILE_REMEDIES,
}
