package sdkv1

import (
	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/client"
	"github.com/aws/aws-sdk-go/aws/corehandlers"
	"github.com/aws/aws-sdk-go/aws/defaults"
	"github.com/aws/aws-sdk-go/aws/ec2metadata"
	"github.com/aws/aws-sdk-go/aws/request"
	"github.com/aws/aws-sdk-go/aws/session"
)

// AwsSession returns a session with cfg, which is best one of [AwsConfig]; another is
// not in the mesh. The label names the session in log messages.
func AwsSession(label string, cfg *aws.Config) (*session.Session, error) {
	options, err := AwsOptions(label, cfg)
	if err != nil {
		return nil, err
	}
	return session.NewSessionWithOptions(options)
}

// AwsOptions returns what [AwsSession] makes its session of. Set Profile,
// SharedConfigState and the like, and call session.NewSessionWithOptions.
func AwsOptions(label string, cfg *aws.Config) (session.Options, error) {
	if cfg == nil {
		cfg = aws.NewConfig()
	}
	if err := meshOf(cfg.HTTPClient).wrong; err != nil {
		return session.Options{}, err
	}
	return session.Options{Config: *cfg, Handlers: handlers(label)}, nil
}

// handlers returns the SDK's own, and ours among them. The session's credentials get
// them, too.
func handlers(label string) request.Handlers {
	s := sender{label}
	h := defaults.Handlers()
	h.Build.PushBackNamed(request.NamedHandler{Name: "awsmesh.IMDSRetries", Fn: imdsRetries})
	h.Sign.PushFrontNamed(request.NamedHandler{Name: "awsmesh.TraceAfterSigning", Fn: traceAfterSigning})
	h.Sign.AfterEachFn = func(item request.HandlerListRunItem) bool {
		item.Request.Error = findable(item.Request.Error) // of the credentials
		return true
	}
	h.Send.SwapNamed(request.NamedHandler{Name: corehandlers.SendHandler.Name, Fn: s.send})
	h.AfterRetry.PushBackNamed(request.NamedHandler{Name: "awsmesh.Explain", Fn: explain})
	return h
}

// imdsRetries does what the SDK does for IMDS if the HTTP client is its own.
func imdsRetries(r *request.Request) {
	if r.ClientInfo.ServiceName == ec2metadata.ServiceName && meshOf(r.Config.HTTPClient).InMesh &&
		r.Config.Retryer == nil && !aws.BoolValue(r.Config.EC2MetadataDisableTimeoutOverride) {
		r.Retryer = client.DefaultRetryer{NumMaxRetries: 2}
	}
}
