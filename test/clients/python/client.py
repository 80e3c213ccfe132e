"""boto3 as an application has it: nothing here knows of a mesh."""

import gzip
import json
import pathlib
import re
import uuid

import boto3
import botocore
from botocore.config import Config
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointResolutionError
from botocore.loaders import Loader

from serve import serve

BUCKET = "clients-python"
ACCESS_POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint/" + BUCKET


def client(service, region=None, **config):
    return boto3.client(service, region_name=region, config=Config(**config))


def write(bucket):
    s3 = client("s3")
    make(s3, bucket)
    s3.put_object(Bucket=bucket, Key="key", Body=b"text")
    return s3.get_object(Bucket=bucket, Key="key")["Body"].read().decode()


def make(s3, bucket):
    try:
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass


def send():
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="clients-python")["QueueUrl"]
    return sqs.send_message(QueueUrl=url, MessageBody="text")["MessageId"]


def rules(region):
    """What an endpoint URL changes in a region: the services whose requests are signed
    otherwise with one, and those that have HTTP/2. By SDK id."""
    loader, changed, http2 = Loader(), [], []
    partitions = loader.load_data("partitions")
    for name in loader.list_available_services("endpoint-rule-set-1"):
        path = max((pathlib.Path(botocore.__file__).parent / "data" / name).glob("*/service-2.json.gz"))
        head = gzip.open(path, "rt").read(4000)  # the metadata come first
        service = re.search(r'"serviceId"\s*:\s*"([^"]*)"', head)[1]
        if re.search(r'"protocolSettings"\s*:\s*{\s*"h2"', head):
            http2.append(service)
        try:
            provider = EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1"), partitions)
            without = provider.resolve_endpoint(Region=region)
            url = without.url.replace("https:", "http:") + ":443"
            if schemes(without, region) != schemes(provider.resolve_endpoint(Region=region, Endpoint=url), region):
                changed.append(service)
        except EndpointResolutionError:  # not in this region, or not without more parameters
            pass
    return json.dumps({"Changed": changed, "HTTP2": http2})


def schemes(endpoint, region):
    found = endpoint.properties.get("authSchemes") or [{}]
    return [(s.get("name", "sigv4"), s.get("signingRegion", region), s.get("signingRegionSet")) for s in found]


serve({
    "dynamodb/ListTables": lambda: client("dynamodb").list_tables()["TableNames"],
    "secretsmanager/CreateSecret": lambda: client("secretsmanager").create_secret(Name=str(uuid.uuid4()), SecretString="s")["ARN"],
    "sts/GetCallerIdentity": lambda: client("sts").get_caller_identity()["Arn"],
    "sns/ListTopics": lambda: client("sns").list_topics(),
    "kms/ListKeys": lambda: client("kms").list_keys(),
    "lambda/ListFunctions": lambda: client("lambda").list_functions(),
    "cloudwatch/ListMetrics": lambda: client("cloudwatch").list_metrics(),
    "bedrock-runtime/InvokeModel": lambda: client("bedrock-runtime").invoke_model(modelId="m", body=b"{}"),
    "iam/ListUsers": lambda: client("iam").list_users(),
    "s3/PutObject": lambda: write(BUCKET),
    "s3/dotted bucket": lambda: write("clients.python"),
    "s3/access point": lambda: client("s3").put_object(Bucket=ACCESS_POINT, Key="key", Body=b"text"),
    "s3/presigned URL": lambda: client("s3").generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "key"}),
    "sqs/SendMessage": send,
    "sts/presigned URL": lambda: client("sts").generate_presigned_url("get_caller_identity"),
    "dynamodb/other region": lambda: client("dynamodb", "us-east-1").list_tables(),
    "rules/eu-west-1": lambda: rules("eu-west-1"),
    "rules/us-east-1": lambda: rules("us-east-1"),
    "dynamodb/FIPS": lambda: client("dynamodb", use_fips_endpoint=True).list_tables(),
})
