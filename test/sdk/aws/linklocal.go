package aws

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// What the credential endpoints are reached by.
const (
	IMDSRole   = "aws-mesh-test"               // at 169.254.169.254, without being told
	ECSPath    = "/v2/credentials/" + IMDSRole // AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, at 169.254.170.2
	EKSPath    = "/v1/credentials"             // AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials
	IMDSRegion = "eu-west-1"                   // where the instance is
)

func (s *Server) serveLinkLocal(w http.ResponseWriter, r *http.Request) {
	e := s.records.begin(r, ViaLinkLocal)
	w = &statusWriter{ResponseWriter: w, entry: e}
	r.Body = e.watch(r.Body)
	if err := buffer(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if s.suffer(w, r, host{}, e) {
		return
	}
	s.linkLocal.ServeHTTP(w, r)
}

// linkLocal is all three endpoints: their paths do not overlap.
func linkLocal(c *credentials, check tokenCheck) http.Handler {
	mux := http.NewServeMux()
	m := &imds{credentials: c, tokens: map[string]bool{}}
	mux.HandleFunc("PUT /latest/api/token", m.token)
	for path, answer := range map[string]func() any{
		"/latest/meta-data/iam/security-credentials/{$}":         func() any { return IMDSRole },
		"/latest/meta-data/iam/security-credentials/" + IMDSRole: m.role,
		"/latest/meta-data/placement/region":                     func() any { return IMDSRegion },
		"/latest/meta-data/placement/availability-zone":          func() any { return IMDSRegion + "a" },
		"/latest/dynamic/instance-identity/document":             func() any { return map[string]string{"region": IMDSRegion, "accountId": AccountID} },
	} {
		mux.HandleFunc("GET "+path, m.guarded(answer))
	}
	mux.HandleFunc("GET "+ECSPath, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, container(c.issue(RoleARN, "ecs")))
	})
	mux.HandleFunc("GET "+EKSPath, func(w http.ResponseWriter, r *http.Request) {
		if err := check(r.Context(), r.Header.Get("Authorization"), AudienceEKS); err != nil {
			writeJSON(w, http.StatusUnauthorized, map[string]string{"code": "AccessDeniedException", "message": "the service account's token: " + err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, container(c.issue(RoleARN, "eks")))
	})
	return mux
}

// container is the form of ECS and EKS.
func container(i identity) any {
	return map[string]any{
		"AccessKeyId": i.AccessKeyID, "SecretAccessKey": i.SecretAccessKey, "Token": i.SessionToken,
		"Expiration": i.Expires.Format(time.RFC3339), "RoleArn": RoleARN, "AccountId": AccountID,
	}
}

// imds is EC2's metadata service, version 2.
type imds struct {
	credentials *credentials

	mu     sync.Mutex
	tokens map[string]bool
}

func (m *imds) token(w http.ResponseWriter, r *http.Request) {
	ttl := r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds")
	if ttl == "" {
		http.Error(w, "no X-aws-ec2-metadata-token-ttl-seconds", http.StatusBadRequest)
		return
	}
	token := rand.Text()
	m.mu.Lock()
	m.tokens[token] = true
	m.mu.Unlock()
	w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl)
	_, _ = w.Write([]byte(token))
}

// guarded answers those who bring a token.
func (m *imds) guarded(answer func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		known := m.tokens[r.Header.Get("X-Aws-Ec2-Metadata-Token")]
		m.mu.Unlock()
		if !known {
			http.Error(w, "Unauthorized", http.StatusUnauthorized)
			return
		}
		if text, ok := answer().(string); ok {
			_, _ = w.Write([]byte(text))
			return
		}
		writeJSON(w, http.StatusOK, answer())
	}
}

func (m *imds) role() any {
	i := m.credentials.issue(RoleARN, "i-0123456789abcdef0")
	return map[string]any{
		"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": time.Now().UTC().Format(time.RFC3339),
		"AccessKeyId": i.AccessKeyID, "SecretAccessKey": i.SecretAccessKey, "Token": i.SessionToken,
		"Expiration": i.Expires.Format(time.RFC3339),
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
