package egress

import (
	"sync"
	"time"
)

// memory is what the controller remembers of each namespace from one reconcile to the
// next. All of it may be lost: a restart repeats some Events, and writes nothing.
type memory struct {
	mu          sync.Mutex
	byNamespace map[string]*remembered
}

type remembered struct {
	names map[string]bool // of our objects, for the hosts that are needed or retained

	// The rest belongs to the one worker that has the namespace.
	reported map[string]bool
	refused  map[ref]refusal
	objects  int
}

// A refusal is an attempt that did not last, and when to try again.
type refusal struct {
	attempt
	until time.Time
}

// pending returns the refusals that are to be respected at now, and forgets the others.
func (r *remembered) pending(now time.Time) map[ref]attempt {
	pending := map[ref]attempt{}
	for ref, refusal := range r.refused {
		if !refusal.until.After(now) {
			delete(r.refused, ref)
			continue
		}
		pending[ref] = refusal.attempt
	}
	return pending
}

// of returns what is remembered of namespace, and notes which names matter to it from
// now on.
func (m *memory) of(namespace string, names map[string]bool) *remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byNamespace == nil {
		m.byNamespace = map[string]*remembered{}
	}
	r, ok := m.byNamespace[namespace]
	if !ok {
		r = &remembered{reported: map[string]bool{}, refused: map[ref]refusal{}}
		m.byNamespace[namespace] = r
	}
	r.names = names
	return r
}

// forget returns what was remembered of namespace, or nil.
func (m *memory) forget(namespace string) *remembered {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.byNamespace[namespace]
	delete(m.byNamespace, namespace)
	return r
}

// namespaces returns those to which one of names matters.
func (m *memory) namespaces(names []string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for namespace, r := range m.byNamespace {
		for _, name := range names {
			if r.names[name] {
				out = append(out, namespace)
				break
			}
		}
	}
	return out
}
