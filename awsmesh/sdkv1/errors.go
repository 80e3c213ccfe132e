package sdkv1

import (
	"errors"

	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/request"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// explain says why a request that will not be tried again was not sent. It comes after
// the SDK has decided, from the error as it was, whether to try again.
func explain(r *request.Request) {
	e, ok := errors.AsType[awserr.Error](r.Error)
	if !ok || e.Code() != request.ErrCodeRequestError || e.OrigErr() == nil {
		return
	}
	err := meshOf(r.Config.HTTPClient).Explain(r.HTTPRequest.URL.Hostname(), e.OrigErr())
	if meshError(r.Error) == nil && meshError(err) != nil {
		r.Error = awserr.New(e.Code(), e.Message(), err)
	}
	r.Error = findable(r.Error)
}

// explainResponse makes an error of an answer that is the sidecar's, or is AWS's to
// plain HTTP, before the SDK tries to read it.
func explainResponse(r *request.Request) {
	if r.Error != nil || r.HTTPResponse == nil {
		return
	}
	host := r.HTTPRequest.URL.Hostname()
	if r.HTTPResponse.Request != nil { // redirected, maybe
		host = r.HTTPResponse.Request.URL.Hostname()
	}
	err := meshOf(r.Config.HTTPClient).ExplainResponse(host, r.HTTPResponse)
	if err == nil {
		return
	}
	_ = r.HTTPResponse.Body.Close()
	r.Error = findable(awserr.NewRequestFailure(
		awserr.New(request.ErrCodeRequestError, "this is not an answer of the service", err),
		r.HTTPResponse.StatusCode, r.RequestID))
}

// findable returns err such that [errors.Is] and [errors.As] find the [*inmesh.Error]
// that is somewhere below it, if one is: the SDK's errors have no Unwrap.
func findable(err error) error {
	found := meshError(err)
	if _, direct := errors.AsType[*inmesh.Error](err); direct || found == nil {
		return err
	}
	if failure, ok := errors.AsType[awserr.RequestFailure](err); ok {
		return explainedFailure{failure, found}
	}
	if e, ok := errors.AsType[awserr.Error](err); ok {
		return explainedError{e, found}
	}
	return err
}

// meshError returns the [*inmesh.Error] below err, or nil.
func meshError(err error) *inmesh.Error {
	for err != nil {
		if found, ok := errors.AsType[*inmesh.Error](err); ok {
			return found
		}
		e, ok := errors.AsType[awserr.Error](err)
		if !ok {
			return nil
		}
		err = e.OrigErr()
	}
	return nil
}

type awsError = awserr.Error // a field's name that is not also a method's

type explainedError struct {
	awsError
	found *inmesh.Error
}

// Unwrap returns why the call did not reach AWS.
func (e explainedError) Unwrap() error { return e.found }

type explainedFailure struct {
	awserr.RequestFailure
	found *inmesh.Error
}

// Unwrap returns why the call did not reach AWS.
func (e explainedFailure) Unwrap() error { return e.found }
