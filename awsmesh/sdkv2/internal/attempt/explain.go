package attempt

import (
	"errors"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws-mesh/aws-mesh/awsmesh/inmesh"
)

// explain returns the error of an attempt, with what the mesh has to do with it. An
// answer that is not from AWS becomes an error here, before the SDK reads it as one of
// AWS; above, the SDK wraps it together with the response and its status.
func (m *mesh) explain(host string, out middleware.DeserializeOutput, err error) error {
	if err != nil {
		return settle(m.Explain(host, err))
	}
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok {
		return nil
	}
	if err = m.ExplainResponse(host, response.Response); err == nil {
		return nil
	}
	// As with every error of sending, the SDK looks for nothing else in the response.
	return settle(&smithyhttp.RequestSendError{Err: err})
}

// settle makes errors final that trying again does not mend.
func settle(err error) error {
	if e, ok := errors.AsType[*inmesh.Error](err); ok && !e.Temporary() {
		return final{err}
	}
	return err
}

// A final error is not tried again: package retry asks for RetryableError before it
// looks at anything else.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

func (final) RetryableError() bool { return false }
