package main

import (
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/sts"
)

func main() {
	sess, err := session.NewSession()
	if err != nil {
		panic(err)
	}
	_, _ = sts.New(sess).GetCallerIdentity(nil)
}
