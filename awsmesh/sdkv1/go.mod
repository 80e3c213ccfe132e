module github.com/aws-mesh/aws-mesh/awsmesh/sdkv1

go 1.26.0

require (
	github.com/aws-mesh/aws-mesh/awsmesh v0.1.0
	github.com/aws/aws-sdk-go v1.55.8
)

require github.com/jmespath/go-jmespath v0.4.0 // indirect

replace github.com/aws-mesh/aws-mesh/awsmesh => ../
