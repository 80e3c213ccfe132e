"""The table's text: short, and reviewable line by line.

    service <name> = <SDK id>
      aka <alias>...
      absent <region>...                    the service is not there
      absent <partition> except <region>... nor anywhere else in that partition
      <variant> [@<scope>[,<scope>...]] <host>...
      standard <prefix>                     a default line for each of the four variants

A scope is a region or a partition; the first line of a variant that names the
region, or its partition, or no scope at all, applies. Its first host is the
client's own, "-" where there is none. A region without a line lacks the variant.
"""

from collections import Counter

VARIANTS = {"plain": (False, False), "fips": (True, False), "dual": (False, True), "fips+dual": (True, True)}
STANDARD = {
    "plain": "%s.{region}.{suffix}",
    "fips": "%s-fips.{region}.{suffix}",
    "dual": "%s.{region}.{dual}",
    "fips+dual": "%s-fips.{region}.{dual}",
}


class Region:
    def __init__(self, name, partition):
        outputs = partition["outputs"]
        self.name, self.partition = name, partition["id"]
        self.suffix, self.dual = outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]

    def expand(self, template):
        return (
            template.replace("{region}", self.name)
            .replace("{suffix}", self.suffix)
            .replace("{dual}", self.dual)
        )

    def templates(self, hosts):
        """Spellings of hosts, the most general first."""
        suffixed = [self._suffixed(h) for h in hosts]
        marked = [self._marked(h) for h in suffixed]
        return [" ".join(marked), " ".join(suffixed), " ".join(hosts)]

    def _suffixed(self, host):
        for suffix, mark in sorted([(self.dual, "{dual}"), (self.suffix, "{suffix}")], key=lambda s: -len(s[0])):
            if host.endswith("." + suffix):
                return host.removesuffix(suffix) + mark
        return host

    def _marked(self, host):
        return ".".join("{region}" if label == self.name else label for label in host.split("."))


def lines(variant, answers):
    """The lines of one variant, given {Region: [host, …]} (an absent region has no variant)."""
    def covered(template, regions):
        return [r for r in regions if " ".join(answers.get(r, [])) == r.expand(template)]

    def best(regions):
        votes = Counter(t for r in regions if r in answers for t in dict.fromkeys(r.templates(answers[r])))
        order = sorted(votes, key=lambda t: (-votes[t], -t.count("{"), t))
        return order[0] if order else ""

    regions = list(answers.all)
    default, exceptions, scoped = best(regions), {}, []
    for partition in dict.fromkeys(r.partition for r in regions):
        here = [r for r in regions if r.partition == partition]
        template = default
        local = best(here)
        if len(covered(local, here)) > len(covered(default, here)) or (default and not local):
            template = local
            scoped.append((template, partition))
        done = covered(template, here)
        rest = [r for r in here if r not in done]
        while rest:
            special = best(rest)
            hits = covered(special, rest)
            exceptions.setdefault(special, []).extend(r.name for r in hits)
            rest = [r for r in rest if r not in hits]

    grouped = {}
    for template, partition in scoped:
        grouped.setdefault(template, []).append(partition)
    rules = [(",".join(names), t) for t, names in sorted(exceptions.items(), key=lambda e: e[1])]
    rules += [(",".join(names), t) for t, names in grouped.items()]
    text = [f"  {variant} @{scope} {template or 'none'}" for scope, template in rules]
    if default:
        text.append(f"  {variant} {default}")
    return text


def abbreviate(service):
    """Replace a service's four default lines by its standard line, where they are that."""
    for line in service:
        words = line.split()
        if words[0] == "plain" and words[1].endswith(".{region}.{suffix}") and len(words) == 2:
            prefix = words[1].removesuffix(".{region}.{suffix}")
            defaults = [f"  {v} {t % prefix}" for v, t in STANDARD.items()]
            if all(d in service for d in defaults):
                return [line for line in service if line not in defaults] + [f"  standard {prefix}"]
    return service


class Answers(dict):
    """Hosts by region, and all the regions that were asked for."""

    def __init__(self, regions):
        super().__init__()
        self.all = regions


def read(text, regions):
    """What the text says: {(service, variant, region name): [host, …]}, to check it against what was meant."""
    found, name = {}, None
    for line in text.splitlines():
        keyword, *rest = line.split()
        scopes = rest.pop(0)[1:].split(",") if rest and rest[0].startswith("@") else None
        if keyword == "service":
            name = rest[0]
        rules = {keyword: rest} if keyword in VARIANTS else {}
        if keyword == "standard":
            rules = {v: [t % rest[0]] for v, t in STANDARD.items()}
        for variant, templates in rules.items():
            for r in regions:
                if scopes is None or r.name in scopes or r.partition in scopes:
                    found.setdefault((name, variant, r.name), [r.expand(t) for t in templates])
    return {k: v for k, v in found.items() if v != ["none"]}
