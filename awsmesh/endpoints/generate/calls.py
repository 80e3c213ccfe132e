"""What a request may add to the rule set's parameters, and hosts that no rule set knows."""

from rulesets import ACCOUNT, MARK

PREFERRED = {"AccountId": ACCOUNT, "AccountIdEndpointMode": "preferred"}


def requests(name, partition, region):
    """Parameters of the requests of service that change its host; the first is none."""

    def arn(service, resource, account=ACCOUNT, where=region):
        return f"arn:{partition}:{service}:{where}:{account}:{resource}"

    table = arn("dynamodb", f"table/{MARK}")
    bucket = f"{MARK}-bucket"
    by_service = {
        "cloudfront-keyvaluestore": [
            {"KvsARN": arn("cloudfront", f"key-value-store/{MARK}", where="")},
        ],
        "dynamodb": [
            PREFERRED,
            PREFERRED | {"ResourceArn": table},
            PREFERRED | {"ResourceArnList": (table,)},
        ],
        "dynamodbstreams": [
            PREFERRED,
            PREFERRED | {"StreamArn": f"{table}/stream/{MARK}"},
            PREFERRED | {"ShardIterator": f"{table}/stream/{MARK}|1|{MARK}"},
        ],
        "eventbridgev2": [
            PREFERRED,
            PREFERRED | {"EventBusArn": arn("events", f"event-bus/{MARK}")},
        ],
        "events": [{"EndpointId": f"{MARK}.{MARK}"}],
        "kinesis": [
            PREFERRED,
            {"StreamId": f"{MARK * 6}zz-{MARK}"},
            {"StreamARN": arn("kinesis", f"stream/{MARK}")},
            {"ConsumerARN": arn("kinesis", f"stream/{MARK}/consumer/{MARK}:1")},
            {"ResourceARN": arn("kinesis", f"stream/{MARK}")},
            {"ResourceARN": arn("kinesis", f"channel/{MARK}")},
            {"ResourceARN": arn("kinesis", f"queue/{MARK}")},
            {"ChannelARN": arn("kinesis", f"channel/{MARK}")},
            {"QueueARN": arn("kinesis", f"queue/{MARK}")},
        ],
        "opensearchmemory": [{"SpaceId": MARK}],
        "s3": [
            {"UseGlobalEndpoint": True},
            {"Bucket": bucket},
            {"Bucket": bucket, "UseGlobalEndpoint": True},
            {"Bucket": bucket, "ForcePathStyle": True},
            {"Bucket": bucket, "ForcePathStyle": True, "UseGlobalEndpoint": True},
            {"Bucket": arn("s3", f"accesspoint/{MARK}")},
            {"Bucket": arn("s3-object-lambda", f"accesspoint/{MARK}")},
            {"Bucket": arn("s3-outposts", f"outpost/op-{MARK}/accesspoint/{MARK}")},
            {"Bucket": f"{MARK}-o{'0' * 17}{'1' * 12}{'e0000000'}--op-s3"},
        ],
        "s3control": [
            {"AccountId": ACCOUNT},
            {"AccountId": ACCOUNT, "OutpostId": f"op-{MARK}"},
            {"AccountId": ACCOUNT, "Bucket": arn("s3-outposts", f"outpost/op-{MARK}/bucket/{MARK}")},
            {"AccountId": ACCOUNT, "AccessPointName": arn("s3-outposts", f"outpost/op-{MARK}/accesspoint/{MARK}")},
            {"AccountId": ACCOUNT, "ResourceArn": arn("s3express", f"bucket/{MARK}--use1-az1--x-s3")},
        ],
        "sesv2": [{"EndpointId": f"{MARK}.{MARK}"}],
        "sts": [{"UseGlobalEndpoint": True}],
    }
    return [{}, *by_service.get(name, [])]


# URL templates that no evaluation reaches, and why that loses no host. Custom
# endpoints ("{Endpoint}", "{url#authority}") are the user's own hosts.
UNREACHED = {
    "datazone": "asks for a partition without dual-stack; there is none",
    "dynamodb": "the pseudo region 'local'",
    "ecr": "asks for a partition of another name; there is none",
    "eks-auth": "asks for a partition without dual-stack; there is none",
    "freetier": "asks for a partition without dual-stack; there is none",
    "greengrass": "pseudo regions 'dataplane-us-gov-…'",
    "greengrassv2": "pseudo regions 'dataplane-us-gov-…'",
    "iam": "asks for a partition of another name; there is none",
    "kendra-ranking": "asks for a partition without dual-stack; there is none",
    "memorydb": "the pseudo region 'fips'",
    "mturk": "the sandbox: the pseudo region 'sandbox'",
    "qbusiness": "asks for a partition without dual-stack; there is none",
    "route53": "asks for a partition of another name; there is none",
    "s3": "acceleration, multi-region access points and zonal buckets (package doc); "
    "aliases of access points on Outposts go to hosts that *.s3-outposts matches",
    "signin": "asks for a partition of another name; there is none",
}

# Hosts that AWS names at run time, in an answer to an earlier call (or in its
# console), and that the SDK then calls: {service: (templates, source)}.
ANSWERED = {
    "apigatewaymanagementapi": (["*.execute-api.{region}.{suffix}"], "each API's own host: API Gateway developer guide, @connections"),
    "cloudsearchdomain": (["*.{region}.cloudsearch.{suffix}"], "DescribeDomains: DocService, SearchService"),
    "iot-data": (["*.iot.{region}.{suffix}"], "DescribeEndpoint, iot:Data-ATS"),
    "iot-jobs-data": (["*.jobs.iot.{region}.{suffix}"], "DescribeEndpoint, iot:Jobs"),
    "kinesis-video-archived-media": (["*.kinesisvideo.{region}.{suffix}"], "GetDataEndpoint"),
    "kinesis-video-media": (["*.kinesisvideo.{region}.{suffix}"], "GetDataEndpoint"),
    "kinesis-video-signaling": (["*.kinesisvideo.{region}.{suffix}"], "GetSignalingChannelEndpoint"),
    "kinesis-video-webrtc-storage": (["*.kinesisvideo.{region}.{suffix}"], "GetSignalingChannelEndpoint"),
    "mediaconvert": (["*.mediaconvert.{region}.{suffix}"], "DescribeEndpoints, accounts older than 2024"),
    "mediastore-data": (["*.data.mediastore.{region}.{suffix}"], "DescribeContainer: Endpoint"),
    "timestream-query": (["*.timestream.{region}.{suffix}"], "DescribeEndpoints, which every client calls first"),
    "timestream-write": (["*.timestream.{region}.{suffix}"], "DescribeEndpoints, which every client calls first"),
}

# Hosts of SDKs older than the rule sets, where endpoints.json does not tell:
# {service: ({partition: templates}, source)}.
OLDER = {
    "logs": ({"*": ["streaming-logs.{region}.{suffix}"]}, "aws-sdk-go v1.55.8, StartLiveTail"),
    "sts": ({"aws": ["sts.{suffix}"]}, "the default of aws-sdk-go v1 and of AWS_STS_REGIONAL_ENDPOINTS=legacy"),
}
