"""Botocore's models and its own rule-set engine, with a record of what ran."""

import re
from collections import Counter

from botocore.endpoint_provider import EndpointRule, RuleCreator, RuleSet
from botocore.exceptions import EndpointResolutionError
from botocore.loaders import create_loader

# A label that holds a request's own value is not a constant: it becomes "*".
# No host of AWS contains either marker.
ACCOUNT = "111122223333"
MARK = "zzz"

SCHEME = re.compile(r"^https?://")


class Traced(EndpointRule):
    """An endpoint rule that remembers whether a call ever reached it."""

    reached = False

    def evaluate(self, scope_vars, rule_lib):
        result = super().evaluate(scope_vars, rule_lib)
        self.reached = self.reached or result is not None
        return result


RuleCreator.endpoint = Traced


class Model:
    """One service: its metadata, its operations' endpoints, its rule set."""

    evaluations = 0

    def __init__(self, loader, name, partitions):
        service = loader.load_service_model(name, "service-2")
        metadata = service["metadata"]
        self.name = name
        self.id = metadata["serviceId"]
        self.prefix = metadata["endpointPrefix"]
        self.signing = metadata.get("signingName", self.prefix)
        self.rules = RuleSet(
            **loader.load_service_model(name, "endpoint-rule-set-1"),
            partitions=partitions,
        )
        self.contexts = self._contexts(service["operations"])

    def _contexts(self, operations):
        """The distinct (staticContextParams, hostPrefix) of the operations, most used first."""
        seen = Counter()
        for operation in operations.values():
            static = operation.get("staticContextParams", {})
            params = tuple(sorted((k, v["value"]) for k, v in static.items()))
            prefix = operation.get("endpoint", {}).get("hostPrefix", "")
            # The rule set spells out the prefixes of its own parameters (s3control).
            if any("{%s}" % p in prefix for p in self.rules.parameters):
                prefix = ""
            seen[params, re.sub(r"\{\w+\}", MARK, prefix)] += 1
        return [(dict(params), prefix) for (params, prefix), _ in seen.most_common()]

    def host(self, region, fips, dual, **params):
        """The host that the rule set gives, or None where it gives an error."""
        Model.evaluations += 1
        params |= {"Region": region, "UseFIPS": fips, "UseDualStack": dual}
        # Like the SDKs: what a rule set does not ask for, it does not hear.
        params = {k: v for k, v in params.items() if k in self.rules.parameters}
        try:
            endpoint = self.rules.evaluate(params)
        except EndpointResolutionError:
            return None
        return SCHEME.sub("", endpoint.url).split("/")[0] if endpoint else None

    def unreached(self):
        """The URL templates that no evaluation has reached."""
        reached, missed = set(), set()

        def walk(rule):
            if isinstance(rule, Traced):
                (reached if rule.reached else missed).add(str(rule.endpoint["url"]))
            for child in getattr(rule, "rules", []):
                walk(child)

        walk(self.rules)
        return missed - reached


def wildcard(host):
    """Replace everything up to the last label that a request fills in by "*"."""
    labels = host.split(".")
    for i in reversed(range(len(labels))):
        if MARK in labels[i] or ACCOUNT in labels[i]:
            return ".".join(["*", *labels[i + 1 :]])
    return host


def load():
    """Every service's model (its latest API version), and the partitions."""
    loader = create_loader()
    partitions = loader.load_data("partitions")
    names = loader.list_available_services("endpoint-rule-set-1")
    return [Model(loader, n, partitions) for n in sorted(names)], partitions["partitions"]
