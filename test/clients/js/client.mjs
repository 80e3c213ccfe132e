// The AWS SDK for JavaScript v3 as an application has it: nothing here knows of a mesh.
// GET /call?case=NAME runs one case and answers with JSON, {"ok": true, "value": "..."}
// or {"ok": false, "error": "..."}.
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { BedrockRuntimeClient, InvokeModelCommand } from "@aws-sdk/client-bedrock-runtime";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SQSClient, SendMessageCommand } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const bucket = "clients-js";
const accessPoint = "arn:aws:s3:eu-west-1:123456789012:accesspoint/" + bucket;

async function write(Bucket) {
  const s3 = new S3Client({});
  const LocationConstraint = await s3.config.region();
  await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } })).catch((error) => {
    if (error.name !== "BucketAlreadyOwnedByYou") throw error;
  });
  await s3.send(new PutObjectCommand({ Bucket, Key: "key", Body: "text" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "key" }));
  return Body.transformToString();
}

async function send() {
  const sqs = new SQSClient({});
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "clients-js" }));
  const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "text" }));
  return MessageId;
}

const cases = {
  "dynamodb/ListTables": async () => (await new DynamoDBClient({}).send(new ListTablesCommand({}))).TableNames,
  "secretsmanager/CreateSecret": async () =>
    (await new SecretsManagerClient({}).send(new CreateSecretCommand({ Name: randomUUID(), SecretString: "s" }))).ARN,
  "sts/GetCallerIdentity": async () => (await new STSClient({}).send(new GetCallerIdentityCommand({}))).Arn,
  "sns/ListTopics": () => new SNSClient({}).send(new ListTopicsCommand({})),
  "kms/ListKeys": () => new KMSClient({}).send(new ListKeysCommand({})),
  "lambda/ListFunctions": () => new LambdaClient({}).send(new ListFunctionsCommand({})),
  "cloudwatch/ListMetrics": () => new CloudWatchClient({}).send(new ListMetricsCommand({})),
  "bedrock-runtime/InvokeModel": () => new BedrockRuntimeClient({}).send(new InvokeModelCommand({ modelId: "m", body: "{}" })),
  "iam/ListUsers": () => new IAMClient({}).send(new ListUsersCommand({})),
  "s3/PutObject": () => write(bucket),
  "s3/dotted bucket": () => write("clients.js"),
  "s3/access point": () => new S3Client({}).send(new PutObjectCommand({ Bucket: accessPoint, Key: "key", Body: "text" })),
  "s3/presigned URL": () => getSignedUrl(new S3Client({}), new GetObjectCommand({ Bucket: bucket, Key: "key" })),
  "sqs/SendMessage": send,
  "dynamodb/other region": () => new DynamoDBClient({ region: "us-east-1" }).send(new ListTablesCommand({})),
  "dynamodb/FIPS": () => new DynamoDBClient({ useFipsEndpoint: true }).send(new ListTablesCommand({})),
};

async function call(name) {
  try {
    const value = await cases[name]();
    return { ok: true, value: typeof value === "string" ? value : JSON.stringify(value) };
  } catch (error) {
    return { ok: false, error: `${error.name}: ${error.message} ${error.cause ?? ""}` };
  }
}

createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  const name = url.searchParams.get("case");
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Connection", "close"); // the sidecar would keep it, and meet the end of an idle one with a request
  if (url.pathname !== "/call") return response.end(JSON.stringify({ cases: Object.keys(cases) }));
  if (!cases[name]) response.statusCode = 404;
  response.end(JSON.stringify(cases[name] ? await call(name) : { ok: false, error: `no case ${name}` }));
}).listen(process.env.PORT);
