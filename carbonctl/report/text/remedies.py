"""Every error code: what causes it, and what to do. ``help CCnnn`` prints them."""

from __future__ import annotations

from carbonctl.report.text.remedies_of_files import FILE_REMEDIES

# code -> cause, remedy
REMEDIES: dict[str, tuple[str, str]] = {
    "CC001": (
        "The text is no YAML: a bracket or a quote is open, an indent is uneven, or a tab indents.",
        (
            "Mend the place that the error points at; indent with spaces and quote text that holds "
            '": " or " #".'
        ),
    ),
    "CC002": (
        "The bytes are no UTF-8 text, or hold a control character.",
        "Save the file as UTF-8. Files that PowerShell writes with > are UTF-16.",
    ),
    "CC003": (
        "A key stands twice in one mapping. Most readers keep the last one and say nothing.",
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
        "No scenario needs that: look for a wrong file, or for brackets that never close.",
    ),
    "CC006": (
        "Aliases (*name) repeat anchors (&name) until there are more than 100,000 values.",
        "Write the values, or share them with extends.",
    ),
    "CC007": (
        "The file is empty, holds only comments, or is a list or a word where keys are wanted.",
        "Begin with carbonctl init lifecycle > my.yaml.",
    ),
    "CC008": (
        (
            "The file does not exist, is a folder, may not be read or written, or -o names a file "
            "that the command reads; or stdin or stdout is closed, or its disk is full."
        ),
        "Check the path. A file named by extends is looked for beside the file that names it.",
    ),
    "CC009": (
        "A file extends itself, directly or through others.",
        "Remove one of the extends lines of the circle.",
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
            "The name is that of a device, a socket, or a pipe that nothing writes to (or, after "
            "-o, reads) within 10 s."
        ),
        "Name a file. - reads stdin, and a pipe such as <(command) is read like a file.",
    ),
    "CC013": (
        "The file is a log, a table, a config.json, a saved result, a policy or a model card.",
        "Run the command that the error names: it reads files of that kind.",
    ),
    "CC101": (
        "No key of this name may stand here. It may belong one level higher or lower.",
        "Take the name that the error suggests; validate --print-schema scenario has all.",
    ),
    "CC102": (
        (
            "The region or zone is not in the grid tables. There is no fallback to a country or "
            "the world."
        ),
        "carbonctl grid search WORD finds names; site.grid gives a factor of your own.",
    ),
    "CC103": (
        "No accelerator of hardware_db has this id or alias.",
        "carbonctl hw search WORD finds ids; a folder of your own may add one: --hardware-db.",
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
        "The short name fits several devices or places that differ in carbon.",
        "Say which of the listed ids is meant, as in a100-sxm4-80gb for a100.",
    ),
    "CC107": (
        "No part of this kind (CPU, memory, disk, network card, runtime) has this id.",
        "carbonctl hw search WORD finds ids of parts.",
    ),
    "CC108": (
        "No number of this result has the name given to --of, or several have.",
        "Take one of the names in the error; a metric, a line of the table or a step all work.",
    ),
    "CC201": (
        "A value is of another type than its key takes: a list for text, nothing for a number.",
        "Write it as the error shows. Quote text that looks like a number.",
    ),
    "CC202": (
        "A quantity has no unit, an unknown one, or one of another kind, as kg for a time.",
        "Write number and unit: 10 d, 700 W, 50 TB, 1M/day. carbonctl help units lists them.",
    ),
    "CC203": (
        (
            "The value cannot be: a PUE below 1, a share above 100 %, a count of 0, more than "
            "physics allows."
        ),
        "Look for a slipped digit, a percent sign, or a unit that is a thousand off.",
    ),
    "CC204": (
        "The value is not a number, is infinite, or is too large to compute with.",
        "Write digits with a point for decimals and no commas; leave out what is not known.",
    ),
    "CC205": (
        "A range does not rise from low to high, or has the wrong number of entries.",
        "Write [low, value, high], or value with range: [low, high].",
    ),
    "CC206": (
        "Something without which nothing can be estimated is not given.",
        "Give it as the hint shows. Defaults stand in only where they are printed as assumed.",
    ),
    "CC207": (
        "The key takes one of a few words, and this is none of them.",
        "Take one of the words in the error; they are written in lower case.",
    ),
    "CC301": (
        "Two values say the same thing in two ways, as days and energy of one run.",
        "Keep the better one; put the other under cross_check to have it compared.",
    ),
    "CC302": (
        "Nothing says how much work is done: no energy, hours, days, tokens, samples or load.",
        "Give exactly one of them, or a phase to estimate.",
    ),
    "CC303": (
        "Two entries cannot both be right, or one of them changes nothing.",
        "Correct or remove one of them. As a warning: the estimate goes on and says with which.",
    ),
    "CC304": (
        (
            "The model, the load or the time does not fit the hardware, or the hardware lacks what "
            "the work needs."
        ),
        "More devices, other ones, or less work. As a warning: it fits, but only just.",
    ),
    "CC305": (
        "The market basis was asked for and nothing says what is contracted at the site.",
        "Give site.contracted_clean, the share under contract, or use accounting: location.",
    ),
    "CC306": (
        "There is no tested formula for this combination, and no stand-in is used.",
        "Give measured energy, accelerator-hours or days instead of work.",
    ),
    "CC307": (
        (
            "The value is far from any that is known, as if a unit or a boundary were another: a "
            "warning, and an error for a measured energy that its devices cannot have drawn."
        ),
        "Check its unit: g for kg, a server for a board. energy.note makes a warning of the error.",
    ),
    "CC308": (
        ("A warning: no newer grid factor of this place is bundled, and others are years newer."),
        "Give a newer one as site.grid with its source, or overlay the table: --hardware-db.",
    ),
    "CC309": (
        (
            "A warning, once a file of schema carbonctl/scenario/v1: the count of devices that "
            "serve is now charged for the whole period; it was charged by need."
        ),
        "Keep the old rule with infer.shared: true, or write schema: carbonctl/scenario/v2.",
    ),
    "CC401": (
        (
            "The bundled hardware_db, or the folder of --hardware-db or CARBONCTL_HARDWARE_DB, "
            "cannot be read."
        ),
        "Check the folder's name and rights; install again if the bundled one is missing.",
    ),
    "CC402": (
        (
            "A record or a table of hardware_db breaks a rule: a source, unit or column is "
            "missing, or a value cannot be, such as a power below 0, a share above 1 or a PUE "
            "below 1."
        ),
        "carbonctl hw check --hardware-db DIR shows every broken rule.",
    ),
    **FILE_REMEDIES,
}
