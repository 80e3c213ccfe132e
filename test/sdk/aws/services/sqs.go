package services

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

const defaultVisibility = 30 * time.Second

// sqs holds queues by name, whatever the region.
type sqs struct {
	account string

	mu     sync.Mutex
	queues map[string]*queue
}

type queue struct {
	messages []*message
	changed  chan struct{} // closed when a message arrives
}

type message struct {
	id, body, receipt string
	hidden            time.Time // until then
}

// NewSQS makes an SQS without queues.
func NewSQS(account string) http.Handler {
	s := &sqs{account: account, queues: map[string]*queue{}}
	return service{
		"CreateQueue":    call(s.createQueue),
		"GetQueueUrl":    call(s.getQueueURL),
		"SendMessage":    call(s.sendMessage),
		"ReceiveMessage": call(s.receiveMessage),
		"DeleteMessage":  call(s.deleteMessage),
	}
}

type queueName struct{ QueueName string }

type queueURL struct {
	QueueURL string `json:"QueueUrl"`
}

func (s *sqs) createQueue(_ context.Context, host string, in queueName) (queueURL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[in.QueueName] == nil {
		s.queues[in.QueueName] = &queue{changed: make(chan struct{})}
	}
	return s.url(host, in.QueueName), nil
}

func (s *sqs) getQueueURL(_ context.Context, host string, in queueName) (queueURL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.find(in.QueueName)
	return s.url(host, in.QueueName), err
}

func (s *sqs) url(host, name string) queueURL {
	return queueURL{"https://" + strings.TrimSuffix(host, ":443") + "/" + s.account + "/" + name}
}

// find gives the queue of a name or URL. The lock is held.
func (s *sqs) find(url string) (*queue, error) {
	if q := s.queues[path.Base(url)]; q != nil {
		return q, nil
	}
	return nil, &apiError{"com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist."}
}

type sendMessage struct {
	QueueURL    string `json:"QueueUrl"`
	MessageBody string
}

type sent struct {
	MessageID string `json:"MessageId"`
	MD5       string `json:"MD5OfMessageBody"`
}

func (s *sqs) sendMessage(_ context.Context, _ string, in sendMessage) (sent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueURL)
	if err != nil {
		return sent{}, err
	}
	m := &message{id: rand.Text(), body: in.MessageBody}
	q.messages = append(q.messages, m)
	close(q.changed)
	q.changed = make(chan struct{})
	return sent{m.id, hexMD5(m.body)}, nil
}

type receiveMessage struct {
	QueueURL            string `json:"QueueUrl"`
	MaxNumberOfMessages int
	WaitTimeSeconds     float64
	VisibilityTimeout   *float64
}

type received struct {
	Messages []receivedMessage
}

type receivedMessage struct {
	MessageID     string `json:"MessageId"`
	ReceiptHandle string
	MD5           string `json:"MD5OfBody"`
	Body          string
}

// receiveMessage waits for a message as long as it is asked to.
func (s *sqs) receiveMessage(ctx context.Context, _ string, in receiveMessage) (received, error) {
	timeout := time.After(seconds(in.WaitTimeSeconds))
	for {
		out, changed, err := s.take(in)
		if err != nil || len(out.Messages) > 0 {
			return out, err
		}
		select {
		case <-changed:
		case <-timeout:
			return out, nil
		case <-ctx.Done():
			return out, ctx.Err()
		}
	}
}

// take gives the messages that can be seen and hides them, and a channel that closes when
// there are more.
func (s *sqs) take(in receiveMessage) (out received, changed <-chan struct{}, err error) {
	visibility := defaultVisibility
	if in.VisibilityTimeout != nil {
		visibility = seconds(*in.VisibilityTimeout)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueURL)
	if err != nil {
		return out, nil, err
	}
	for _, m := range q.messages {
		if len(out.Messages) == max(1, in.MaxNumberOfMessages) {
			break
		}
		if now := time.Now(); now.After(m.hidden) {
			m.hidden, m.receipt = now.Add(visibility), rand.Text()
			out.Messages = append(out.Messages, receivedMessage{m.id, m.receipt, hexMD5(m.body), m.body})
		}
	}
	return out, q.changed, nil
}

type deleteMessage struct {
	QueueURL      string `json:"QueueUrl"`
	ReceiptHandle string
}

func (s *sqs) deleteMessage(_ context.Context, _ string, in deleteMessage) (none, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueURL)
	if err != nil {
		return none{}, err
	}
	for i, m := range q.messages {
		if m.receipt == in.ReceiptHandle {
			q.messages = append(q.messages[:i:i], q.messages[i+1:]...)
			return none{}, nil
		}
	}
	return none{}, &apiError{"com.amazonaws.sqs#ReceiptHandleIsInvalid", "The input receipt handle is invalid."}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func hexMD5(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
