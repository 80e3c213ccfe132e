package e2e

import (
	"slices"
	"testing"

	"github.com/aws-mesh/aws-mesh/awsmesh"
	"github.com/aws-mesh/aws-mesh/test/sdk/aws"
)

// TestClients has clients that are not ours call AWS, as docs/other-languages.md says of
// them.
func TestClients(t *testing.T) {
	t.Parallel()
	importClients(t)
	for _, policy := range []string{"ALLOW_ANY", "REGISTRY_ONLY"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := space{Name: dnsName("clients " + policy), Policy: policy}
			pods := urlPods(policy)
			s.createClients(t, pods...)
			for _, p := range pods {
				t.Run(p.Name, func(t *testing.T) {
					t.Parallel()
					s.lookAt(t, p)
				})
			}
		})
		t.Run("passthrough "+policy, func(t *testing.T) {
			t.Parallel()
			s := space{Name: dnsName("clients passthrough " + policy), Policy: policy}
			p := clientPod{app: app{Name: "passthrough", Annotations: asksFor("passthrough", everything)}, Containers: containers(nil, "")}
			p.Features = features("passthrough")
			s.createClients(t, p)
			s.lookAt(t, p)
		})
	}
	t.Run("out of the mesh", func(t *testing.T) {
		t.Parallel()
		p := clientPod{app: app{Name: "outside", OutOfMesh: true, Annotations: asksFor("plaintext", everything)}, Containers: containers(nil, "")}
		p.Containers = append(p.Containers,
			contrary("true", awsmesh.EnvInMesh, "true", passes),
			contrary("url", awsmesh.EnvEndpointURL+"DYNAMODB", "http://dynamodb.eu-west-1.amazonaws.com:443", leaks))
		p.Features = []feature{{Case: oneCase, Ways: all(passes)}}
		s := space{Name: "clients-outside", Policy: "REGISTRY_ONLY"}
		s.createClients(t, p)
		s.lookAt(t, p)
		for _, region := range []string{"eu-west-1", "us-east-1"} {
			cell(t, []string{"services with a URL", region}, func(t *testing.T) { s.checkRules(t, p, region) })
		}
	})
}

const everything = "dynamodb,secretsmanager,sts,sns,kms,lambda,cloudwatch,bedrock-runtime,s3,sqs,iam"

// ownURLs are variables that the webhook does not set, and why is in the table.
var ownURLs = map[string]string{
	"AWS_ENDPOINT_URL_S3":              "http://s3.eu-west-1.amazonaws.com:443",
	"AWS_ENDPOINT_URL_SQS":             "http://sqs.eu-west-1.amazonaws.com:443",
	"AWS_ENDPOINT_URL_IAM":             "http://iam.amazonaws.com:443",
	"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://bedrock-runtime.eu-west-1.amazonaws.com:443",
}

// asksFor are the annotations of a pod of applications that are not ours.
func asksFor(mode, services string) map[string]string {
	return map[string]string{
		awsmesh.AnnotationServices: services, awsmesh.AnnotationRegion: "eu-west-1", awsmesh.AnnotationMode: mode,
		awsmesh.AnnotationEndpointURLs: "true",
	}
}

// urlPods are the pods of a namespace whose mode is plaintext.
func urlPods(policy string) []clientPod {
	urls := clientPod{
		app: app{Name: "urls", Annotations: asksFor("plaintext", everything)}, Features: features("urls"),
		Containers: append(containers(nil, ""), contrary("false", awsmesh.EnvInMesh, "false", ownHTTPS)),
	}
	pods := []clientPod{
		urls,
		{
			app: app{Name: "urls-dns", Annotations: urls.Annotations}, DNSCapture: true, Features: features("urls")[:1],
			Containers: slices.DeleteFunc(containers(nil, "java"), func(c clientContainer) bool { return c.Name == "cli" }),
		},
		{
			app: app{Name: "not-annotated"}, Features: []feature{{Case: oneCase, Ways: all(ownHTTPS)}},
			Containers: containers(nil, "")[:1],
		},
	}
	if policy != "REGISTRY_ONLY" {
		return pods
	}
	return append(pods,
		clientPod{
			app: app{Name: "by-hand", Annotations: urls.Annotations}, Features: features("by-hand"),
			Containers: containers(ownURLs, "go-v1"),
		},
		clientPod{
			app: app{Name: "role", Annotations: asksFor("plaintext", "dynamodb")}, Features: features("role"),
			Role: aws.RoleARN, Containers: containers(nil, "go-v1"),
		})
}

// containers are of all clients but one.
func containers(vars map[string]string, without string) []clientContainer {
	var list []clientContainer
	for _, c := range clients {
		if c.Name != without {
			list = append(list, clientContainer{client: c, Env: vars})
		}
	}
	return list
}

// contrary is a container with a variable that is not as the webhook would have it.
func contrary(suffix, variable, value string, instead way) clientContainer {
	c := clientContainer{client: clients[0], Env: map[string]string{variable: value}, Instead: instead}
	c.Name += "-" + suffix
	return c
}
