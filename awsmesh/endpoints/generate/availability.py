"""Where a service is, and under what older name: botocore's endpoints.json.

The file knows fewer services and regions than the rule sets. What it does not
know, it does not decide.
"""

from botocore.loaders import create_loader

# Listed regions that lag behind: these exist wherever S3 does.
LAGGING = {"s3control"}


class Availability:
    def __init__(self):
        data = create_loader().load_data("endpoints")
        self.partitions = {p["partition"]: p for p in data["partitions"]}

    def _service(self, model, partition):
        known = self.partitions.get(partition, {"services": {}})
        return known["services"].get(model.prefix, {})

    def _listed(self, model, partition):
        """The regions of partition that endpoints.json lists for the service."""
        known = self.partitions.get(partition, {"regions": {}})
        return set(known["regions"]) & set(self._service(model, partition).get("endpoints", {}))

    def absent(self, model, partition):
        """The regions of partition that certainly lack the service."""
        listed = self._listed(model, partition)
        regionalized = self._service(model, partition).get("isRegionalized", True)
        if not listed or not regionalized or model.name in LAGGING:
            return set()
        return set(self.partitions[partition]["regions"]) - listed

    def older(self, model, partition, region, fips, dual):
        """The host by which endpoints.json and the SDKs built on it call the service.

        None where they would make one up for a region or variant that is not listed.
        """
        service = self._service(model, partition)
        if not service.get("isRegionalized", True):
            region = service.get("partitionEndpoint")
        endpoint = service.get("endpoints", {}).get(region, {})
        tags = {tag for tag, wanted in (("fips", fips), ("dualstack", dual)) if wanted}
        for variant in endpoint.get("variants", []) if tags else [endpoint]:
            if set(variant.get("tags", [])) == tags and "hostname" in variant:
                return variant["hostname"]
        if not tags and region in self._listed(model, partition):
            return self._default(model, partition, region)
        return None

    def _default(self, model, partition, region):
        known = self.partitions[partition]
        defaults = known["defaults"] | self._service(model, partition).get("defaults", {})
        suffix = defaults.get("dnsSuffix", known["dnsSuffix"])
        return defaults["hostname"].format(service=model.prefix, region=region, dnsSuffix=suffix)
