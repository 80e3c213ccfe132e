package aws

import (
	"encoding/xml"
	"net/http"
	"time"

	"github.com/aws-mesh/aws-mesh/test/sdk/aws/sigv4"
)

// sts hands out sessions. A request has its signature checked before it gets here, unless
// it has none.
type sts struct {
	credentials *credentials
	check       tokenCheck
}

type stsCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

type assumedRole struct {
	ARN string `xml:"Arn"`
	ID  string `xml:"AssumedRoleId"`
}

func (s sts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := parseHost(r.Host)
	if err := r.ParseForm(); err != nil {
		refuse(w, r, to, err)
		return
	}
	signer, signed := s.signer(r)
	action := r.Form.Get("Action")
	switch {
	case action == "AssumeRoleWithWebIdentity":
		if err := s.check(r.Context(), r.Form.Get("WebIdentityToken"), AudienceSTS); err != nil {
			answerError(w, r, to, apiError{status: http.StatusBadRequest, code: "InvalidIdentityToken", message: "The web identity token: " + err.Error()})
			return
		}
		s.assume(w, r, action)
	case !signed:
		refuse(w, r, to, &sigv4.Error{Code: sigv4.Unsigned, Reason: "Request is missing Authentication Token"})
	case action == "AssumeRole":
		s.assume(w, r, action)
	case action == "GetCallerIdentity":
		type result struct {
			ARN     string `xml:"Arn"`
			UserID  string `xml:"UserId"`
			Account string
		}
		answerQuery(w, action, result{signer.arn, signer.AccessKeyID, AccountID})
	default:
		answerError(w, r, to, apiError{status: http.StatusBadRequest, code: "InvalidAction", message: "Could not find operation " + action})
	}
}

func (s sts) assume(w http.ResponseWriter, r *http.Request, action string) {
	session := r.Form.Get("RoleSessionName")
	i := s.credentials.issue(r.Form.Get("RoleArn"), session)
	answerQuery(w, action, struct {
		AssumedRoleUser assumedRole
		Credentials     stsCredentials
	}{
		assumedRole{ARN: i.arn, ID: "AROAAWSMESHTEST:" + session},
		stsCredentials{i.AccessKeyID, i.SecretAccessKey, i.SessionToken, i.Expires.Format(time.RFC3339)},
	})
}

// signer finds who signed a request that has been verified.
func (s sts) signer(r *http.Request) (identity, bool) {
	id, ok := r.Context().Value(signerKey{}).(string)
	if !ok {
		return identity{}, false
	}
	return s.credentials.find(id)
}

// answerQuery answers as services of the query protocol do.
func answerQuery(w http.ResponseWriter, action string, result any) {
	writeXML(w, http.StatusOK, struct {
		XMLName xml.Name
		Result  named
		ID      string `xml:"ResponseMetadata>RequestId"`
	}{XMLName: xml.Name{Local: action + "Response"}, Result: named{action + "Result", result}, ID: requestID})
}

// named is an element whose name is known at run time only.
type named struct {
	name  string
	value any
}

func (n named) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(n.value, xml.StartElement{Name: xml.Name{Local: n.name}})
}
