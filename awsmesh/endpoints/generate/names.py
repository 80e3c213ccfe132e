"""The names under which a service may be asked for."""

from collections import defaultdict

# Spellings that no model holds: the AWS CLI's own command names, and names of
# Go packages for services that were renamed since.
EXTRA = {
    "codedeploy": ["deploy"],
    "config": ["configservice"],
    "events": ["cloudwatchevents"],
    "s3": ["s3api"],
}


def key(name):
    """The form in which names are compared: table.go has the same."""
    return "".join(c for c in name.lower() if c not in " -_")


def aliases(models):
    """({service: aliases}, {ambiguous alias: services}): a name beats an id, an id beats an alias."""
    names = {key(m.name): m.name for m in models}
    if len(names) != len(models):
        raise ValueError("two service names differ only in spaces and hyphens")
    ids, others = defaultdict(set), defaultdict(set)
    for m in models:
        ids[m.id].add(m.name)
        for alias in [m.prefix, m.signing, *EXTRA.get(m.name, [])]:
            others[alias].add(m.name)

    accepted, ambiguous = defaultdict(list), {}
    taken = {key(i) for i in ids}
    for alias, services in sorted(others.items()):
        if key(alias) in names or key(alias) in taken:
            continue
        if len(services) == 1:
            accepted[next(iter(services))].append(alias)
        else:
            ambiguous[alias] = sorted(services)
    for identifier, services in sorted(ids.items()):
        if len(services) > 1 and key(identifier) not in names:
            ambiguous[key(identifier)] = sorted(services)
    return accepted, ambiguous
