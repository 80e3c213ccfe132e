package aws

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// An apiError is an error as AWS answers it.
type apiError struct {
	status        int
	code, message string
	canonical     string // S3 says what it computed
	toSign        string
}

// The shapes of errors.
const (
	shapeXML   = "xml"   // S3's
	shapeQuery = "query" // STS's, EC2's and others', also XML
	shapeJSON  = "json"  // of services with X-Amz-Target
	shapeREST  = "rest"  // JSON, the code in a header
)

func shape(r *http.Request, to host) string {
	switch {
	case to.service == "s3":
		return shapeXML
	case r.Header.Get("X-Amz-Target") != "":
		return shapeJSON
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"), r.URL.Query().Has("Action"):
		return shapeQuery
	}
	return shapeREST
}

// refuse answers a request that [sigv4] does not let in, or whose body cannot be read.
func refuse(w http.ResponseWriter, r *http.Request, to host, err error) {
	drain(r)
	var e *sigv4.Error
	if !errors.As(err, &e) {
		answerError(w, r, to, apiError{status: http.StatusBadRequest, code: "RequestTimeout", message: err.Error()})
		return
	}
	code, status := codeOf(e.Code, shape(r, to))
	answerError(w, r, to, apiError{status: status, code: code, message: e.Reason, canonical: e.CanonicalRequest, toSign: e.StringToSign})
}

// codeOf gives the code and the status that AWS answers.
func codeOf(code sigv4.Code, shape string) (string, int) {
	switch shape {
	case shapeXML:
		return codeOfS3(code)
	case shapeQuery:
		if name := queryCodes[code]; name != "" {
			return name, http.StatusForbidden
		}
		return "SignatureDoesNotMatch", http.StatusForbidden
	}
	name, status := jsonCodes[code], http.StatusForbidden
	if name == "" {
		name = "InvalidSignatureException"
	}
	if shape == shapeJSON {
		status = http.StatusBadRequest
	}
	return name, status
}

func codeOfS3(code sigv4.Code) (string, int) {
	switch code {
	case sigv4.Unsigned, sigv4.NotSigned:
		return "AccessDenied", http.StatusForbidden
	case sigv4.UnknownKey, sigv4.Mismatch, sigv4.Skewed, sigv4.Expired:
		return string(code), http.StatusForbidden
	}
	return string(code), http.StatusBadRequest
}

// What other services say; the rest is a signature that does not match.
var (
	queryCodes = map[sigv4.Code]string{
		sigv4.Unsigned:     "MissingAuthenticationToken",
		sigv4.Malformed:    "IncompleteSignature",
		sigv4.ExpiredToken: "ExpiredToken",
		sigv4.UnknownKey:   "InvalidClientTokenId",
		sigv4.InvalidToken: "InvalidClientTokenId",
	}
	jsonCodes = map[sigv4.Code]string{
		sigv4.Unsigned:     "MissingAuthenticationTokenException",
		sigv4.Malformed:    "IncompleteSignatureException",
		sigv4.ExpiredToken: "ExpiredTokenException",
		sigv4.UnknownKey:   "UnrecognizedClientException",
		sigv4.InvalidToken: "UnrecognizedClientException",
	}
)

func answerError(w http.ResponseWriter, r *http.Request, to host, e apiError) {
	switch shape(r, to) {
	case shapeXML:
		writeXML(w, e.status, struct {
			XMLName          xml.Name `xml:"Error"`
			Code, Message    string
			CanonicalRequest string `xml:",omitempty"`
			StringToSign     string `xml:",omitempty"`
			RequestID        string `xml:"RequestId"`
		}{Code: e.code, Message: e.message, CanonicalRequest: e.canonical, StringToSign: e.toSign, RequestID: requestID})
	case shapeQuery:
		type inner struct{ Type, Code, Message string }
		writeXML(w, e.status, struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Error     inner
			RequestID string `xml:"RequestId"`
		}{Error: inner{"Sender", e.code, e.message}, RequestID: requestID})
	default:
		w.Header().Set("X-Amzn-ErrorType", e.code)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-RequestId", requestID)
		w.WriteHeader(e.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": e.code, "message": e.message})
	}
}

// requestID stands in every answer: nobody has to tell them apart.
const requestID = "00000000-0000-4000-8000-000000000000"

func writeXML(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Request-Id", requestID)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(xml.Header))
	_ = xml.NewEncoder(w).Encode(body)
}
