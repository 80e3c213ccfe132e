module github.com/aws-mesh/aws-mesh/test/bench/sdk

go 1.26.0

require (
	github.com/aws-mesh/aws-mesh/awsmesh v0.1.0
	github.com/aws-mesh/aws-mesh/awsmesh/sdkv1 v0.1.0
	github.com/aws-mesh/aws-mesh/awsmesh/sdkv2 v0.1.0
	github.com/aws/aws-sdk-go v1.55.8
	github.com/aws/aws-sdk-go-v2 v1.47.7
	github.com/aws/aws-sdk-go-v2/config v1.33.15
	github.com/aws/aws-sdk-go-v2/service/dynamodb v1.73.1
	github.com/aws/aws-sdk-go-v2/service/s3 v1.114.8
	golang.org/x/net v0.62.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream v1.7.26 // indirect
	github.com/aws/aws-sdk-go-v2/credentials v1.20.15 // indirect
	github.com/aws/aws-sdk-go-v2/feature/ec2/imds v1.20.7 // indirect
	github.com/aws/aws-sdk-go-v2/internal/configsources v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/endpoints/v2 v2.8.10 // indirect
	github.com/aws/aws-sdk-go-v2/internal/v4a v1.5.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding v1.13.24 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/checksum v1.11.11 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/endpoint-discovery v1.13.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/presigned-url v1.14.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/internal/s3shared v1.20.10 // indirect
	github.com/aws/aws-sdk-go-v2/service/signin v1.12.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sso v1.39.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/ssooidc v1.44.3 // indirect
	github.com/aws/aws-sdk-go-v2/service/sts v1.51.8 // indirect
	github.com/jmespath/go-jmespath v0.4.0 // indirect
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	sigs.k8s.io/yaml v1.6.0 // indirect
)

replace (
	github.com/aws-mesh/aws-mesh/awsmesh => ../../../awsmesh
	github.com/aws-mesh/aws-mesh/awsmesh/sdkv1 => ../../../awsmesh/sdkv1
	github.com/aws-mesh/aws-mesh/awsmesh/sdkv2 => ../../../awsmesh/sdkv2
)

require (
	github.com/aws-mesh/aws-mesh/test/sdk v0.0.0
	github.com/aws/smithy-go v1.28.8
	golang.org/x/sync v0.24.0
)

replace github.com/aws-mesh/aws-mesh/test/sdk => ../../sdk
