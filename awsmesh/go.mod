module github.com/aws-mesh/aws-mesh/awsmesh

go 1.26.0
