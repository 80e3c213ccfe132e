package sigv4

import "fmt"

// A Code says what kind of thing is wrong. Its text is the one that S3 answers.
type Code string

// The codes.
const (
	Unsigned        Code = "MissingSecurityHeader"        // no signature at all
	Malformed       Code = "AuthorizationHeaderMalformed" // a signature that cannot be read
	UnknownKey      Code = "InvalidAccessKeyId"           // nobody's access key
	InvalidToken    Code = "InvalidToken"                 // the session token is missing, or another's
	ExpiredToken    Code = "ExpiredToken"                 // the session is over
	Skewed          Code = "RequestTimeTooSkewed"         // signed too long ago, or in the future
	Expired         Code = "AccessDenied"                 // a presigned URL that is too old
	NotSigned       Code = "HeadersNotSigned"             // a header that must be signed is not
	Mismatch        Code = "SignatureDoesNotMatch"        // the key, or something signed, differs
	PayloadMismatch Code = "XAmzContentSHA256Mismatch"    // the body is not the one that was signed
	BadChunk        Code = "InvalidChunk"                 // the framing of a chunked body is broken
	BadDigest       Code = "BadDigest"                    // the checksum in the trailer is not the body's
	BadLength       Code = "IncompleteBody"               // more or fewer bytes than declared
)

// An Error is the reason to refuse a request.
type Error struct {
	Code   Code
	Reason string // for a person: what differs

	// What the verifier computed, if the signature does not match. It holds whatever
	// was signed, a session token included.
	CanonicalRequest, StringToSign string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Reason }

func fail(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Reason: fmt.Sprintf(format, args...)}
}
