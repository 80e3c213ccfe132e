"""Write ../table.txt from botocore's endpoint rule sets.

    python generate.py           rewrite the table
    python generate.py --check   exit 1 if the table is not what this would write

The table is a derived work of botocore's data (Apache-2.0): see NOTICE.
"""

import argparse
import sys
from pathlib import Path

import botocore
from availability import Availability
from calls import ANSWERED, OLDER, UNREACHED, requests
from names import aliases
from rulesets import MARK, Model, load, wildcard
from table import VARIANTS, Answers, Region, abbreviate, lines, read

TABLE = Path(__file__).parent.parent / "table.txt"

HEADER = f"""\
# Hosts of AWS services, by service, region and variant. Generated: make table.
# Source: botocore {botocore.__version__} (endpoint-rule-set-1, service-2, partitions, endpoints),
# Copyright Amazon.com, Inc. or its affiliates. Apache License 2.0; changed in form. See NOTICE.
# The form of a line is described in generate/table.py.
source botocore {botocore.__version__}
"""


def too_wide(host, region):
    """Whether a wildcard lacks a label that belongs to one service."""
    if not host.startswith("*."):
        return False
    rest = host[2:]
    for suffix in (region.dual, region.suffix, "on.aws", "api.aws"):
        if rest == suffix or rest.endswith("." + suffix):
            labels = rest.removesuffix(suffix).rstrip(".").split(".")
            return not any(label and label not in (region.name, "global", "us-gov") for label in labels)
    return True


def hosts(model, region, fips, dual, availability):
    """The client's own host ("-" if none), then every other host, sorted; [] if the variant does not exist."""
    own, found = None, set()
    extras = requests(model.name, region.partition, region.name)
    for params, prefix in [({}, ""), *model.contexts]:
        for extra in extras:
            host = model.host(region.name, fips, dual, **(extra | params))
            if host is None:
                continue
            if not extra:
                own = own or host
                # A prefix applies to the host that it was modelled for.
                host = prefix + host
            found.add(wildcard(host))
    if not found:
        return []
    if own and MARK in own:
        own = None
    plain = not (fips or dual)
    if older := availability.older(model, region.partition, region.name, fips, dual):
        found.add(older)
    if plain:
        found |= {region.expand(t) for t in ANSWERED.get(model.name, ([], ""))[0]}
        for partition, templates in OLDER.get(model.name, ({}, ""))[0].items():
            if partition in ("*", region.partition):
                found |= {region.expand(t) for t in templates}
    if wide := [h for h in found if too_wide(h, region)]:
        sys.exit(f"{model.name} {region.name}: {wide} would open other services too: leave the call out, and say why")
    return [own or "-", *sorted(found - {own})]


def absent(model, own, regions, availability):
    """The lines that say where the service is not; own is its client's host by region."""
    text = []
    for partition in dict.fromkeys(r.partition for r in regions):
        here = [r.name for r in regions if r.partition == partition]
        lacking = availability.absent(model, partition)
        if len({own.get(name) for name in here}) == 1:
            lacking = set()  # global: one host serves the whole partition
        without = [n for n in here if n in lacking]
        having = [n for n in here if n not in lacking]
        if without and len(having) + 2 < len(without):
            text.append(f"  absent {partition} except {' '.join(having)}")
        elif without:
            text.append(f"  absent {' '.join(without)}")
    return text


def generate():
    models, partitions = load()
    regions = [Region(n, p) for p in partitions for n in sorted(p["regions"]) if "global" not in n]
    pseudo = [Region(n, p) for p in partitions for n in p["regions"] if "global" in n]
    availability = Availability()

    text = [HEADER.rstrip()]
    for p in partitions:
        names = [r.name for r in regions if r.partition == p["id"]]
        out = p["outputs"]
        text.append(f"partition {p['id']} {out['dnsSuffix']} {out['dualStackDnsSuffix']} {' '.join(names)}")

    accepted, ambiguous = aliases(models)
    for alias, names in ambiguous.items():
        text.append(f"ambiguous {alias} {' '.join(names)}")

    meant = {}
    for model in models:
        text.append(f"service {model.name} = {model.id}")
        if accepted[model.name]:
            text.append(f"  aka {' '.join(accepted[model.name])}")
        rules = []
        for variant, (fips, dual) in VARIANTS.items():
            answers = Answers(regions)
            for region in regions:
                if found := hosts(model, region, fips, dual, availability):
                    answers[region] = found
                    meant[model.name, variant, region.name] = found
            for region in pseudo:  # for the record of what was reached
                hosts(model, region, fips, dual, availability)
            rules += lines(variant, answers)
        own = {r.name: meant.get((model.name, "plain", r.name), [None])[0] for r in regions}
        text += absent(model, own, regions, availability)
        text += abbreviate(rules)
        unexplained(model)

    out = "\n".join(text) + "\n"
    said = read(out, regions)
    if said != meant:
        wrong = [k for k in meant.keys() | said.keys() if meant.get(k) != said.get(k)]
        sys.exit(f"the text does not say what was meant, e.g. {wrong[:3]}")
    print(f"{len(models)} services, {len(regions)} regions, {Model.evaluations} evaluations, {len(out)} bytes", file=sys.stderr)
    return out


def unexplained(model):
    """Stop if a URL of the rule set was never given and calls.py has no reason for it."""
    missed = {u for u in model.unreached() if "Endpoint" not in u.replace("EndpointId", "") and "url#" not in u}
    if missed and model.name not in UNREACHED:
        sys.exit(f"{model.name}: no call reaches {sorted(missed)}: add a request or a reason to calls.py")
    if not missed and model.name in UNREACHED:
        sys.exit(f"{model.name}: calls reach everything: its reason in calls.py is out of date")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    text = generate()
    if check and TABLE.read_text() != text:
        sys.exit(f"{TABLE.name} is not what botocore {botocore.__version__} gives: run make table")
    if not check:
        TABLE.write_text(text)


if __name__ == "__main__":
    main()
