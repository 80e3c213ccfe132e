module github.com/aws-mesh/aws-mesh/test/bench/measure

go 1.26.0
