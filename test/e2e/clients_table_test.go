package e2e

import "slices"

// A client is a program of test/clients, and how it is run.
type client struct {
	Name    string // of its container
	Title   string // in docs/other-languages.md
	Folder  string // below bin/clients: what its image is made of
	Command []string
}

var clients = []client{
	{"boto3", "boto3", "python", []string{"/usr/bin/python3", "/opt/client/client.py"}},
	{"cli", "AWS CLI v1", "python", []string{"/usr/bin/python3", "/opt/client/cli.py"}},
	{"js", "JavaScript v3", "js", []string{"/opt/client/node", "/opt/client/client.mjs"}},
	{"java", "Java v2", "java", []string{"/opt/client/jre/bin/java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "/opt/client:/opt/client/lib/*", "Client"}},
	{"go", "Go v2", "go", []string{"/opt/client/go", "-sdk=v2"}},
	{"go-v1", "Go v1", "go", []string{"/opt/client/go", "-sdk=v1"}},
}

// A way is what comes of a call, in the words of docs/other-languages.md.
type way string

const (
	meshTLS     way = "yes"          // it works, in TLS of the sidecar's
	ownHTTPS    way = "own TLS"      // in TLS of its own, if the mesh lets anything out
	passes      way = "yes, own TLS" // in TLS of its own, whatever the mesh lets out
	refused     way = "refused"      // AWS gets it, and refuses
	fails       way = "fails"        // AWS does not get it
	leaks       way = "plaintext"    // AWS gets it, signed and in plaintext
	wrongRegion way = "wrong region" // it is signed for a region that is not AWS's for the service
	plainURL    way = "http://"      // a URL that is of no use elsewhere
	properURL   way = "https://"     // a URL as it should be
)

// ways are by client. One that is not in it does not have the case.
type ways map[string]way

func all(w way, except ...string) ways {
	all := ways{}
	for _, c := range clients {
		if !slices.Contains(except, c.Name) {
			all[c.Name] = w
		}
	}
	return all
}

func (all ways) but(w way, name string) ways {
	all[name] = w
	return all
}

// A feature is a case of test/clients.
type feature struct {
	Case string
	Ways ways
	Why  string // or what to do
}

// A table is about the features in a pod of a kind.
type table struct {
	Pod      string
	Title    string
	Features []feature
}

var tables = []table{
	{"urls", "With `aws-mesh/endpoint-urls: \"true\"`", []feature{
		{"dynamodb/ListTables", all(meshTLS).but(ownHTTPS, "go-v1"), "aws-sdk-go does not read the variables: use our package `sdkv1`"},
		{"secretsmanager/CreateSecret", all(meshTLS, "go-v1"), ""},
		{"sts/GetCallerIdentity", all(meshTLS).but(ownHTTPS, "go-v1"), ""},
		{"sns/ListTopics", all(meshTLS, "go-v1"), ""},
		{"kms/ListKeys", all(meshTLS, "go-v1"), ""},
		{"lambda/ListFunctions", all(meshTLS, "java", "go-v1"), ""},
		{"cloudwatch/ListMetrics", all(meshTLS, "java", "go-v1"), ""},
		{"s3/PutObject", all(ownHTTPS), "not set: buckets have hosts of their own"},
		{"s3/presigned URL", all(properURL, "go-v1"), "not set, so it is a URL for everybody"},
		{"sqs/SendMessage", all(ownHTTPS, "java", "go-v1"), "not set: queues have URLs of their own"},
		{"iam/ListUsers", all(ownHTTPS, "go-v1"), "not set: it would be signed for the client's region, and IAM is in one"},
		{"bedrock-runtime/InvokeModel", all(ownHTTPS, "js", "java", "go-v1"), "not set: the SDK for JavaScript calls it over HTTP/2"},
		{"dynamodb/other region", all(refused, "go-v1"), "one URL for all regions: do not set a region in the code"},
		{"dynamodb/FIPS", all(fails, "go-v1").but(meshTLS, "boto3").but(meshTLS, "cli"), "SDKs refuse a URL and FIPS together, and Python's calls the URL: leave it to AWS_USE_FIPS_ENDPOINT, with which there is no URL"},
		{"sts/presigned URL", all(plainURL, "js", "java", "go-v1"), "as of `aws eks get-token`: nobody else takes it"},
	}},
	{"by-hand", "Where the container sets the variable itself", []feature{
		{"s3/PutObject", all(meshTLS, "go-v1"), "boto3 puts the bucket into the path"},
		{"s3/dotted bucket", all(meshTLS, "go-v1").but(fails, "java"), "Java puts the bucket into the host, and no certificate is for that"},
		{"s3/access point", all(refused, "go-v1"), "called by the host of a bucket"},
		{"s3/presigned URL", all(plainURL, "go-v1"), "nobody else can use it"},
		{"sqs/SendMessage", all(meshTLS, "java", "go-v1").but(fails, "js").but(fails, "cli"), "JavaScript calls the queue's own URL, the CLI `eu-west-1.queue.amazonaws.com`, both over their own TLS"},
		{"iam/ListUsers", all(wrongRegion, "go-v1"), "AWS takes us-east-1 alone"},
		{"bedrock-runtime/InvokeModel", all(meshTLS, "java", "go-v1").but(refused, "js"), "JavaScript signs a header of HTTP/2, which AWS does not get"},
	}},
	{"role", "With a web identity (IRSA), and no sts in `aws-mesh/services`", []feature{
		{"dynamodb/ListTables", all(meshTLS, "go-v1"), "the webhook adds STS"},
	}},
	{"passthrough", "With `aws-mesh/mode: passthrough`", []feature{
		{"dynamodb/ListTables", all(passes), ""},
		{"sts/GetCallerIdentity", all(passes), ""},
		{"sns/ListTopics", all(passes, "go-v1"), ""},
		{"s3/PutObject", all(passes), ""},
		{"s3/dotted bucket", all(passes, "go-v1"), ""},
		{"s3/presigned URL", all(properURL, "go-v1"), ""},
		{"sqs/SendMessage", all(passes, "java", "go-v1").but(ownHTTPS, "cli"), "the CLI calls `eu-west-1.queue.amazonaws.com`, which is not opened"},
		{"iam/ListUsers", all(passes, "go-v1"), ""},
		{"sts/presigned URL", all(properURL, "js", "java", "go-v1"), ""},
		{"dynamodb/other region", all(ownHTTPS, "go-v1"), "`REGISTRY_ONLY` lets out what the annotations ask for"},
	}},
}

// features returns those of a kind of pod.
func features(pod string) []feature {
	i := slices.IndexFunc(tables, func(t table) bool { return t.Pod == pod })
	return tables[i].Features
}
