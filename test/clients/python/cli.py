"""The AWS CLI, each case one command line."""

import base64
import json
import os
import subprocess
import sys
import uuid

from serve import serve

BUCKET = "clients-cli"
ACCESS_POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint/" + BUCKET


def aws(line, *more, **env):
    done = subprocess.run(
        [sys.executable, "-m", "awscli", *line.split(), *more],
        env={**os.environ, **env}, cwd=os.path.dirname(__file__), capture_output=True, text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def write(bucket):
    try:
        aws("s3 mb s3://" + bucket)
    except RuntimeError as error:
        if "BucketAlreadyOwnedByYou" not in str(error):
            raise
    return aws("s3 cp /etc/hostname s3://" + bucket + "/key")


def send():
    url = json.loads(aws("sqs create-queue --queue-name clients-cli"))["QueueUrl"]
    return aws("sqs send-message --message-body text --queue-url", url)


def token():
    """What Kubernetes' API server gets on EKS: a presigned URL for STS."""
    made = json.loads(aws("eks get-token --cluster-name c"))["status"]["token"]
    text = made.removeprefix("k8s-aws-v1.")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def run(line, *more, **env):
    return lambda: aws(line, *more, **env)


serve({
    "dynamodb/ListTables": run("dynamodb list-tables"),
    "secretsmanager/CreateSecret": lambda: aws("secretsmanager create-secret --secret-string s --name", str(uuid.uuid4())),
    "sts/GetCallerIdentity": run("sts get-caller-identity"),
    "sns/ListTopics": run("sns list-topics"),
    "kms/ListKeys": run("kms list-keys"),
    "lambda/ListFunctions": run("lambda list-functions"),
    "cloudwatch/ListMetrics": run("cloudwatch list-metrics"),
    "bedrock-runtime/InvokeModel": run("bedrock-runtime invoke-model --model-id m --body {} /dev/null"),
    "iam/ListUsers": run("iam list-users"),
    "s3/PutObject": lambda: write(BUCKET),
    "s3/dotted bucket": lambda: write("clients.cli"),
    "s3/access point": run("s3api put-object --key key --bucket", ACCESS_POINT),
    "s3/presigned URL": run("s3 presign s3://" + BUCKET + "/key"),
    "sqs/SendMessage": send,
    "sts/presigned URL": token,
    "dynamodb/other region": run("dynamodb list-tables --region us-east-1"),
    "dynamodb/FIPS": run("dynamodb list-tables", AWS_USE_FIPS_ENDPOINT="true"),
})
